// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// Changed files as the rules of one image see them; pure.
struct LiveChanges {
    /// A file that asks for an image whatever else changed.
    private(set) var fallBack: String?
    /// A file whose rule has the policy `build`, which asks for the same.
    private(set) var built: String?
    /// Files that a rule brings to containers, in the order of their paths.
    private(set) var matched: [SyncSet.File] = []
    /// Inputs of the image that no rule names.
    private(set) var unmatched: [String] = []
    /// Of those matched, the ones that are there.
    private(set) var wanted: [SyncSet.File] = []
    /// Destinations of those that are gone.
    private(set) var deleted: [SyncSet.Deletion] = []
    /// Those that are gone with the whole folder that their rule names. Nothing is deleted for them: a build may be
    /// cleaning up, or a branch be checked out, and a container without its files serves nobody.
    private(set) var missing: [SyncSet.File] = []

    /// - Parameter paths: without those whose rule has the policy `ignore`, see ``relevant(_:to:)``.
    init(_ image: Image, _ paths: [String], exists: (String) -> Bool) {
        let fallBacks = Self.fallBacks(of: image)
        fallBack = paths.first { path in fallBacks.contains { Decider.covers($0, path) } }
        let dockerfile = image.docker?.dockerfile
        let ignored = image.ignored
        let inputs = image.inputs
        let folders = Self.folders(of: paths.filter(exists))
        for path in paths {
            let rule = Self.rule(for: path, image)
            if rule?.policy == .build {
                built = built ?? path
                continue
            }
            guard path != dockerfile else {
                unmatched.append(path)
                continue
            }
            if ignored.matches(path) { continue }
            if let file = rule.flatMap({ Self.file(path, by: $0, image) }) {
                matched.append(file)
                // A file that a folder has replaced is gone.
                if exists(path), !folders.contains(ExactPath(path)) {
                    wanted.append(file)
                } else if Self.isRootThere(file, exists) {
                    deleted.append(SyncSet.Deletion(path: file.destination, reaction: file.reaction))
                } else {
                    missing.append(file)
                }
            } else if inputs.contains(where: { Decider.covers($0, path) }) {
                unmatched.append(path)
            }
        }
    }

    /// Those of the paths that ask for the image.
    static func inputs(_ paths: [String], of image: Image) -> [String] {
        let inputs = image.inputs + fallBacks(of: image) + [image.docker?.dockerfile].compactMap { $0 }
        return relevant(paths, to: image).filter { path in
            !image.ignored.matches(path)
                && (inputs.contains { Decider.covers($0, path) } || rule(for: path, image) != nil)
        }
    }

    var isEmpty: Bool { fallBack == nil && built == nil && matched.isEmpty && unmatched.isEmpty }

    /// Paths that are no business of the image's containers, nor of the image, left out.
    static func relevant(_ paths: [String], to image: Image) -> [String] {
        paths.filter { rule(for: $0, image)?.policy != .ignore }
    }

    /// The last rule that names the path decides.
    static func rule(for path: String, _ image: Image) -> FileMapping? {
        for case .sync(let mapping) in image.liveUpdate.reversed() where Decider.covers(mapping.source, path) {
            return mapping
        }
        return image.swift?.resources.last { Decider.covers($0.source, path) }
    }

    /// Where a file of this machine goes; nil when no rule brings it to containers.
    static func match(_ path: String, _ image: Image) -> SyncSet.File? {
        rule(for: path, image).flatMap { file(path, by: $0, image) }
    }

    private static func file(_ path: String, by rule: FileMapping, _ image: Image) -> SyncSet.File? {
        guard rule.policy.isSynced else { return nil }
        let destination = join(rule.destination, path, below: rule.source)
        var file = SyncSet.File(source: path, destination: destination, isExecutable: false, isEntry: false)
        file.root = rule.source
        switch rule.policy {
        case .restart: file.reaction = .restart
        case .signal(let signal): file.reaction = .signal(signal.number)
        case .sync, .build, .ignore: break
        }
        for case .restartOn(let triggers) in image.liveUpdate
        where triggers.contains(where: { Decider.covers($0, path) }) {
            file.reaction = .restart
        }
        return file
    }

    /// Whether the folder that brings a file is there; a link that leads nowhere is none. A rule that names one file is
    /// about this file alone.
    static func isRootThere(_ file: SyncSet.File, _ exists: (String) -> Bool) -> Bool {
        guard let root = file.root, root != file.source else { return true }
        return exists("\(root)/.")
    }

    /// The file of this machine that belongs at a destination; nil when no rule leads there.
    static func source(of destination: String, _ image: Image) -> String? {
        var rules: [FileMapping] = image.swift?.resources ?? []
        for case .sync(let mapping) in image.liveUpdate { rules.append(mapping) }
        for rule in rules.reversed()
        where rule.policy.isSynced && Decider.covers(rule.destination, destination) {
            let path = join(rule.source, destination, below: rule.destination)
            // Another rule may take the file elsewhere.
            if let file = match(path, image), ExactPath(file.destination) == ExactPath(destination) { return path }
        }
        return nil
    }

    /// Whether some change starts the program again.
    static func restarts(_ image: Image) -> Bool {
        image.liveUpdate.contains { step in
            switch step {
            case .restart, .restartOn: true
            case .sync(let rule): rule.policy == .restart
            default: false
            }
        }
    }

    /// Files here that some sync step would bring into a container.
    /// - Parameter files: all files below a path, or the path itself when it is one.
    static func sources(_ image: Image, files: (String) -> [String]) -> [String] {
        let ignored = image.ignored
        var found: [String] = []
        for case .sync(let rule) in image.liveUpdate where rule.policy.isSynced {
            found += files(rule.source).filter { !ignored.matches($0) }
        }
        return found
    }

    /// What `initial_sync` brings into every new container, by destination.
    /// - Parameter files: all files below a path, or the path itself when it is one.
    static func initial(_ image: Image, files: (String) -> [String]) -> [ExactPath: SyncSet.File] {
        guard image.liveUpdate.contains(.initialSync) else { return [:] }
        let fallBacks = fallBacks(of: image)
        let ignored = image.ignored
        var found: [ExactPath: SyncSet.File] = [:]
        for case .sync(let rule) in image.liveUpdate where rule.policy.isSynced {
            for path in files(rule.source) where !ignored.matches(path) {
                guard !fallBacks.contains(where: { Decider.covers($0, path) }), path != image.docker?.dockerfile,
                    let file = match(path, image)
                else { continue }
                found[ExactPath(file.destination)] = file
            }
        }
        return found
    }

    /// All folders that the paths lie in, at any depth.
    private static func folders(of paths: [String]) -> Set<ExactPath> {
        var found: Set<ExactPath> = []
        for path in paths {
            var folder = path[...]
            while let slash = folder.utf8.lastIndex(of: 0x2F) {
                folder = folder[..<slash]
                guard found.insert(ExactPath(String(folder))).inserted else { break }
            }
        }
        return found
    }

    private static func fallBacks(of image: Image) -> [String] {
        image.liveUpdate.flatMap { step -> [String] in
            if case .fallBackOn(let files) = step { return files }
            return []
        }
    }

    /// The path below `root` as it is below `base`.
    private static func join(_ base: String, _ path: String, below root: String) -> String {
        let tail = path.utf8.dropFirst(root.utf8.count).drop { $0 == 0x2F }
        guard !tail.isEmpty else { return base }
        let name = String(decoding: tail, as: UTF8.self)
        return base.hasSuffix("/") ? base + name : "\(base)/\(name)"
    }
}
