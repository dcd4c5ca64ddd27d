// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import GitState
import Glibc

/// What a watcher does not look at: build output and editors' temporaries, what git ignores, and `.devloopignore`.
///
/// A root that git itself ignores (the output folder of some build step, named on purpose) is watched without git's
/// rules. Rules never apply to a root itself, only to what lies below it.
package struct WatchIgnore: Sendable {
    /// The folder whose `.devloopignore` counts; nil when there is none.
    package var project: String?
    /// Whether `.gitignore` counts.
    package var followsGit: Bool
    /// More rules in the syntax of `.gitignore`, relative to ``project`` (or to each root when there is no project).
    package var patterns: [String]

    package init(project: String? = nil, followsGit: Bool = true, patterns: [String] = []) {
        self.project = project
        self.followsGit = followsGit
        self.patterns = patterns
    }

    /// Whether a watcher of `root` would leave a file below it out.
    package func ignores(_ path: String, below root: String) throws -> Bool {
        try RootIgnore(root: root, ignore: self).isIgnored(path, isDirectory: false)
    }

    /// The file in ``project`` with rules of its own.
    package static let fileName = ".devloopignore"
}

/// ``WatchIgnore`` made ready for one root.
struct RootIgnore: Sendable {
    /// The root as it was written, without a slash at its end.
    let root: String
    /// Whether the path is the root itself.
    func isRoot(_ path: String) -> Bool { exact == ExactPath(path) }

    private let exact: ExactPath
    /// The same without symbolic links.
    private let real: String
    private let git: GitRepository?
    private let patterns: IgnorePatterns?

    /// The repository that the root lies in, whether its rules count or not.
    let repository: GitRepository?

    init(root: String, ignore: WatchIgnore) throws {
        self.root = root
        exact = ExactPath(root)
        real = Self.resolve(root)
        repository = try? GitRepository.discover(from: real)
        let isRootIgnored = repository?.isIgnored(real, isDirectory: true) ?? false
        git = ignore.followsGit && !isRootIgnored ? repository : nil
        var rules = ignore.patterns
        let project = ignore.project.map(Self.resolve)
        if let project, let text = Self.read("\(project)/\(WatchIgnore.fileName)") { rules.append(text) }
        patterns = rules.isEmpty ? nil : try IgnorePatterns(rules.joined(separator: "\n") + "\n", base: project ?? real)
    }

    /// Whether something below the root is ignored, with every folder between.
    func isIgnored(_ path: String, isDirectory: Bool) -> Bool {
        guard !isRoot(path) else { return false }
        guard isBelow(path, root) else { return true }
        let names = path.utf8.dropFirst(root.utf8.count).split(separator: 0x2F)
        for (index, bytes) in names.enumerated() {
            let isFolder = index < names.count - 1 || isDirectory
            let name = String(decoding: bytes, as: UTF8.self)
            if isFolder ? BuiltInIgnores.isIgnored(directory: name) : BuiltInIgnores.isIgnored(file: name) {
                return true
            }
        }
        return isIgnoredByRules(path, isDirectory: isDirectory)
    }

    /// The same for something in a folder that is known not to be ignored; spares the walk over the folders between.
    func isIgnored(_ path: String, name: String, isDirectory: Bool) -> Bool {
        if isDirectory ? BuiltInIgnores.isIgnored(directory: name) : BuiltInIgnores.isIgnored(file: name) {
            return true
        }
        return isIgnoredByRules(path, isDirectory: isDirectory)
    }

    private func isIgnoredByRules(_ path: String, isDirectory: Bool) -> Bool {
        guard git != nil || patterns != nil else { return false }
        let realPath = real + String(decoding: path.utf8.dropFirst(root.utf8.count), as: UTF8.self)
        if let git, git.isIgnored(realPath, isDirectory: isDirectory) { return true }
        return patterns?.isIgnored(realPath, isDirectory: isDirectory) ?? false
    }

    /// The path without symbolic links, as far as it exists.
    private static func resolve(_ path: String) -> String {
        guard let real = realpath(path, nil) else {
            guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return path }
            return resolve(String(path[..<slash])) + path[slash...]
        }
        defer { free(real) }
        return String(cString: real)
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
