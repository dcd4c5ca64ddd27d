// SPDX-License-Identifier: Apache-2.0

import Plan

/// Changed files as the rules of one image see them; pure.
struct LiveChanges {
    /// A file that a rule names, and the path of the rule.
    struct Match: Equatable {
        var file: SyncSet.File
        var root: String
    }

    /// A file that asks for an image whatever else changed.
    private(set) var fallBack: String?
    /// Files that a rule names, in the order of their paths.
    private(set) var matched: [Match] = []
    /// Inputs of the image that no rule names.
    private(set) var unmatched: [String] = []
    /// Of those matched, the ones that are there.
    private(set) var wanted: [SyncSet.File] = []
    /// Destinations of those that are gone.
    private(set) var deleted: [String] = []
    /// Paths of rules that are gone themselves. Nothing is deleted for them: a build may be cleaning up, or a branch be
    /// checked out, and a container without its files serves nobody.
    private(set) var vanishedRoots: [String] = []

    init(_ image: Image, _ paths: [String], exists: (String) -> Bool) {
        let fallBacks = Self.fallBacks(of: image)
        fallBack = paths.first { path in fallBacks.contains { Decider.covers($0, path) } }
        let dockerfile = image.docker?.dockerfile
        let ignored = image.ignored
        let inputs = image.inputs
        let folders = Self.folders(of: paths.filter(exists))
        for path in paths {
            guard path != dockerfile else {
                unmatched.append(path)
                continue
            }
            if ignored.matches(path) { continue }
            if let match = Self.match(path, image) {
                matched.append(match)
                // A file that a folder has replaced is gone.
                if exists(path), !folders.contains(path) {
                    wanted.append(match.file)
                } else if exists(match.root) {
                    deleted.append(match.file.destination)
                } else if !vanishedRoots.contains(match.root) {
                    vanishedRoots.append(match.root)
                }
            } else if inputs.contains(where: { Decider.covers($0, path) }) {
                unmatched.append(path)
            }
        }
    }

    var isEmpty: Bool { fallBack == nil && matched.isEmpty && unmatched.isEmpty }

    /// Where a file of this machine goes; the last rule that names it wins.
    static func match(_ path: String, _ image: Image) -> Match? {
        guard let rule = rules(of: image).last(where: { Decider.covers($0.source, path) }) else { return nil }
        let tail = path.dropFirst(rule.source.count)
        let destination = tail.isEmpty ? rule.destination : join(rule.destination, tail)
        let file = SyncSet.File(source: path, destination: destination, isExecutable: false, isEntry: false)
        return Match(file: file, root: rule.source)
    }

    /// The file of this machine that belongs at a destination; nil when no rule leads there.
    static func source(of destination: String, _ image: Image) -> String? {
        for rule in rules(of: image).reversed() where Decider.covers(rule.destination, destination) {
            let tail = destination.dropFirst(rule.destination.count)
            let path = tail.isEmpty ? rule.source : join(rule.source, tail)
            // Another rule may take the file elsewhere.
            if match(path, image)?.file.destination == destination { return path }
        }
        return nil
    }

    /// What `initial_sync` brings into every new container, by destination.
    /// - Parameter files: all files below a path, or the path itself when it is one.
    static func initial(_ image: Image, files: (String) -> [String]) -> [String: SyncSet.File] {
        guard image.liveUpdate.contains(.initialSync) else { return [:] }
        let fallBacks = fallBacks(of: image)
        let ignored = image.ignored
        var found: [String: SyncSet.File] = [:]
        for case .sync(let rule) in image.liveUpdate {
            for path in files(rule.source) where !ignored.matches(path) {
                guard !fallBacks.contains(where: { Decider.covers($0, path) }), path != image.docker?.dockerfile,
                    let match = match(path, image)
                else { continue }
                found[match.file.destination] = match.file
            }
        }
        return found
    }

    /// All folders that the paths lie in, at any depth.
    private static func folders(of paths: [String]) -> Set<String> {
        var found: Set<String> = []
        for path in paths {
            var folder = path[...]
            while let slash = folder.lastIndex(of: "/") {
                folder = folder[..<slash]
                guard found.insert(String(folder)).inserted else { break }
            }
        }
        return found
    }

    private static func rules(of image: Image) -> [FileMapping] {
        var rules: [FileMapping] = image.swift?.resources ?? []
        for case .sync(let mapping) in image.liveUpdate { rules.append(mapping) }
        return rules
    }

    private static func fallBacks(of image: Image) -> [String] {
        image.liveUpdate.flatMap { step -> [String] in
            if case .fallBackOn(let files) = step { return files }
            return []
        }
    }

    private static func join(_ base: String, _ tail: some StringProtocol) -> String {
        let trimmed = tail.drop { $0 == "/" }
        return base.hasSuffix("/") ? base + trimmed : "\(base)/\(trimmed)"
    }
}
