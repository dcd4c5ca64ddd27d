// SPDX-License-Identifier: Apache-2.0

/// A package with the packages beside it that it depends on by path: what a file belongs to, and which programs have to
/// be built when it changes.
package struct PackageGraph: Sendable, Equatable {
    package var root: PackageInfo
    /// Local dependencies at any depth.
    package var dependencies: [PackageInfo]

    package init(root: PackageInfo, dependencies: [PackageInfo] = []) {
        self.root = root
        self.dependencies = dependencies
    }

    /// What a file is to the packages.
    package enum Role: Sendable, Hashable {
        /// A manifest, or the file of resolved versions: everything may change.
        case manifest
        /// Compiled into a target. Not known yet: new since the package was described.
        case source(target: String, isKnown: Bool)
        /// Copied or processed with a target.
        case resource(target: String)
        /// Nothing that SwiftPM builds.
        case none
    }

    package var packages: [PackageInfo] { [root] + dependencies }

    /// Absolute paths of everything that a change of may mean a build: for the watcher.
    package var watchedPaths: [String] {
        packages.flatMap { info in
            ["\(info.path)/Package.swift", "\(info.path)/Package.resolved"] + info.targets.map(\.path)
                + info.targets.flatMap { target in target.resources.filter { !$0.hasPrefix(target.path + "/") } }
        }
    }

    /// What an absolute path is.
    package func role(of path: String) -> Role { find(path).role }

    /// The executable products of the root package that a change of the file may change; sorted. A change of a test
    /// changes none.
    package func executables(affectedBy path: String) -> [String] {
        let (role, package, target) = find(path)
        if role == .manifest { return root.executables }
        guard let package, let target else { return [] }
        // Products that contain the change, from the file's own package up to the root.
        var affected = Set(target.memberships.map { Product(package: package.path, name: $0) })
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            let names = Set(affected.map(\.name))
            for info in packages {
                for target in info.targets where !names.isDisjoint(with: target.productDependencies) {
                    for name in target.memberships {
                        isGrowing = affected.insert(Product(package: info.path, name: name)).inserted || isGrowing
                    }
                }
            }
        }
        let names = Set(affected.filter { $0.package == root.path }.map(\.name))
        return root.executables.filter(names.contains)
    }

    private struct Product: Hashable {
        var package: String
        var name: String
    }

    private func find(_ path: String) -> (role: Role, package: PackageInfo?, target: PackageInfo.Target?) {
        for info in packages where path.hasPrefix(info.path + "/") && Self.isManifest(path, in: info.path) {
            return (.manifest, info, nil)
        }
        var best: (role: Role, package: PackageInfo?, target: PackageInfo.Target?) = (.none, nil, nil)
        var length = -1
        for info in packages {
            for target in info.targets {
                // Listed is exact; else the target whose folder lies closest around the file.
                if target.sources.contains(path) {
                    return (.source(target: target.name, isKnown: true), info, target)
                }
                if target.resources.contains(where: { path == $0 || path.hasPrefix($0 + "/") }) {
                    return (.resource(target: target.name), info, target)
                }
                guard path.hasPrefix(target.path + "/"), target.path.utf8.count > length, Self.isSource(path) else {
                    continue
                }
                length = target.path.utf8.count
                best = (.source(target: target.name, isKnown: false), info, target)
            }
        }
        return best
    }

    private static func isManifest(_ path: String, in folder: String) -> Bool {
        let name = path.dropFirst(folder.utf8.count + 1)
        return name == "Package.swift" || name == "Package.resolved"
            || (name.hasPrefix("Package@swift-") && name.hasSuffix(".swift"))
    }

    /// Extensions that SwiftPM compiles, and headers and module maps, which it does not list.
    private static let extensions: Set<Substring> = [
        "swift", "c", "cc", "cpp", "cxx", "m", "mm", "s", "S", "h", "hh", "hpp", "hxx", "modulemap", "inc", "def",
    ]

    private static func isSource(_ path: String) -> Bool {
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return false }
        return extensions.contains(path[path.index(after: dot)...])
    }
}
