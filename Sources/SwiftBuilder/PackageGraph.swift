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
        /// In the folder of a target that a plugin takes part in the build of, and so maybe read by that.
        case pluginInput(target: String)
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

    /// Whether a path could be a source of a target, but the package was not described with it.
    package func isNew(_ path: String) -> Bool {
        if case .source(_, isKnown: false) = role(of: path) { true } else { false }
    }

    /// Whether changes of these files mean that the packages are no longer what was described: a manifest, a new
    /// source, one that is gone.
    package func isOutdated(by files: [String], exists: (String) -> Bool) -> Bool {
        files.contains { path in
            switch role(of: path) {
            case .manifest: true
            // A file that came and went between two looks is an editor's.
            case .source(_, isKnown: false): exists(path)
            case .source(_, isKnown: true), .resource: !exists(path)
            case .pluginInput, .none: false
            }
        }
    }

    /// Modules of these packages that a target sees, itself left out: directly or through others.
    package func modules(usedBy target: PackageInfo.Target) -> Set<String> {
        var found: Set<String> = []
        var open = [target]
        while let next = open.popLast() {
            let siblings = packages.first { $0.targets.contains(next) }?.targets ?? []
            let used =
                siblings.filter { next.targetDependencies.contains($0.name) }
                + packages.flatMap(\.targets).filter { candidate in
                    !siblings.contains(candidate)
                        && !Set(candidate.memberships).isDisjoint(with: next.productDependencies)
                }
            for module in used where found.insert(module.module).inserted { open.append(module) }
        }
        return found
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
                // A folder of sources stands for them, when it is gone.
                if target.sources.contains(path) || target.sources.contains(where: { $0.hasPrefix(path + "/") }) {
                    return (.source(target: target.name, isKnown: true), info, target)
                }
                if target.resources.contains(where: { path == $0 || path.hasPrefix($0 + "/") }) {
                    return (.resource(target: target.name), info, target)
                }
                guard path.hasPrefix(target.path + "/"), target.path.utf8.count > length else { continue }
                let fileExtension = Self.fileExtension(path) ?? ""
                let isHeader = Self.unlisted.contains(fileExtension)
                let isSource = isHeader || Self.compiled.contains(fileExtension)
                guard isSource || target.usesPlugins else { continue }
                length = target.path.utf8.count
                let role =
                    isSource ? Role.source(target: target.name, isKnown: isHeader) : .pluginInput(target: target.name)
                best = (role, info, target)
            }
        }
        return best
    }

    private static func isManifest(_ path: String, in folder: String) -> Bool {
        isManifest(name: path.dropFirst(folder.utf8.count + 1))
    }

    /// Whether a file of this name in a package's folder says what the package is made of.
    static func isManifest<Name: StringProtocol>(name: Name) -> Bool {
        name == "Package.swift" || name == "Package.resolved"
            || (name.hasPrefix("Package@swift-") && name.hasSuffix(".swift"))
    }

    /// Whether a file of this name takes part in compilation, if it lies in the folder of a target.
    static func isCompiled(_ path: String) -> Bool {
        fileExtension(path).map { compiled.contains($0) || unlisted.contains($0) } ?? false
    }

    /// Extensions that SwiftPM compiles.
    private static let compiled: Set<Substring> = ["swift", "c", "cc", "cpp", "cxx", "m", "mm", "s", "S"]
    /// Those that take part in compilation, though no description lists them.
    private static let unlisted: Set<Substring> = ["h", "hh", "hpp", "hxx", "modulemap", "inc", "def"]

    private static func fileExtension(_ path: String) -> Substring? {
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return nil }
        return path[path.index(after: dot)...]
    }
}
