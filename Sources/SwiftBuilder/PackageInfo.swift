// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// One package as `swift package describe --type json` tells it.
package struct PackageInfo: Sendable, Equatable {
    package struct Product: Sendable, Equatable {
        package var name: String
        package var isExecutable: Bool
        package var targets: [String]
    }

    package struct Target: Sendable, Equatable {
        package var name: String
        /// The name as compilers know it: dashes are underscores.
        package var module: String
        /// `executable`, `library`, `test`, `macro`, `plugin`, `system-target`, `binary`, `snippet`.
        package var kind: String
        /// Absolute folder.
        package var path: String
        /// Absolute paths.
        package var sources: Set<String>
        /// Absolute paths of files and folders.
        package var resources: [String]
        /// Products of this package that the target is a part of, over any number of dependencies.
        package var memberships: [String]
        /// Targets of this package that it uses itself.
        package var targetDependencies: [String]
        /// Products of other packages that it uses itself.
        package var productDependencies: [String]
        /// Whether a plugin takes part in its build: any file of its folder may be an input then.
        package var usesPlugins = false

        package var isTest: Bool { kind == "test" }
    }

    package var name: String
    /// Absolute folder with the manifest.
    package var path: String
    package var products: [Product]
    package var targets: [Target]
    /// Absolute folders of dependencies that lie on this machine and are edited like the package itself.
    package var localDependencies: [String]

    /// Names of the executable products, sorted.
    package var executables: [String] { products.filter(\.isExecutable).map(\.name).sorted() }
}

extension PackageInfo {
    /// Reads the output of `describe`.
    /// - Parameter manifest: the output of `dump-package`, which tells the targets that use plugins; nil when there can be
    ///   none.
    /// - Throws: ``DevloopError`` with code `build` when it is not what SwiftPM writes.
    package init(describe json: JSONValue, manifest: JSONValue? = nil) throws {
        guard let name = json["name"]?.string, let path = json["path"]?.string,
            let targets = json["targets"]?.array, let products = json["products"]?.array
        else {
            throw DevloopError(
                .build, "swift package describe wrote something else than a package",
                hint: "devloop needs Swift 6 or newer; swift --version tells")
        }
        self.name = name
        self.path = path
        self.products = products.map { product in
            Product(
                name: product["name"]?.string ?? "",
                isExecutable: product["type"]?.object?.keys.contains("executable") ?? false,
                targets: Self.strings(product["targets"]))
        }
        let described = manifest?["targets"]?.array ?? []
        let users = Set(
            described.filter { $0["pluginUsages"]?.array?.isEmpty == false }.compactMap { $0["name"]?.string })
        self.targets = targets.map { target in
            let folder = Self.absolute(target["path"]?.string ?? "", in: path)
            let resources = (target["resources"]?.array ?? []).compactMap { $0["path"]?.string }
            return Target(
                name: target["name"]?.string ?? "",
                module: target["c99name"]?.string ?? target["name"]?.string ?? "",
                kind: target["type"]?.string ?? "",
                path: folder,
                sources: Set(Self.strings(target["sources"]).map { Self.absolute($0, in: folder) }),
                resources: resources.map { Self.absolute($0, in: folder) }.sorted(),
                memberships: Self.strings(target["product_memberships"]),
                targetDependencies: Self.strings(target["target_dependencies"]),
                productDependencies: Self.strings(target["product_dependencies"]),
                usesPlugins: users.contains(target["name"]?.string ?? ""))
        }
        localDependencies = (json["dependencies"]?.array ?? []).compactMap { dependency in
            dependency["type"]?.string == "fileSystem" ? dependency["path"]?.string : nil
        }
    }

    private static func strings(_ value: JSONValue?) -> [String] { (value?.array ?? []).compactMap(\.string) }

    private static func absolute(_ path: String, in folder: String) -> String {
        if path.hasPrefix("/") { return path }
        return path.isEmpty || path == "." ? folder : "\(folder)/\(path)"
    }
}
