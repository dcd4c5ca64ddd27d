// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hashing
import HostFolders

/// Everything of the edited packages that a build depends on, as it is at one moment.
struct InputSnapshot: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        var stamp: FileStamp
        /// Of Swift sources; nil for other files.
        var digest: ContentDigest?
        /// Whether users of the source depend on more of it than the compiler tracks.
        var leaks: LeakingCode = []
    }

    /// By absolute path.
    private(set) var files: [String: Entry] = [:]

    /// Reads the folders of all targets, and the content of those Swift sources that are not as they were.
    /// - Parameter old: an earlier one; what has kept its stamp is not read again.
    init(_ graph: PackageGraph, after old: InputSnapshot?) {
        for info in graph.packages {
            for name in Folder.names(in: info.path) ?? [] where PackageGraph.isManifest(name: name) {
                add("\(info.path)/\(name)", after: old)
            }
            for target in info.targets where !target.isTest {
                addTree(target.path, after: old) { path in
                    target.usesPlugins || target.sources.contains(path) || PackageGraph.isCompiled(path)
                }
                for path in target.resources where files[path] == nil { addTree(path, after: old) { _ in true } }
            }
        }
    }

    init(files: [String: Entry]) { self.files = files }

    private mutating func addTree(_ path: String, after old: InputSnapshot?, where matters: (String) -> Bool) {
        let names = Folder.names(in: path) ?? []
        for name in names where !name.hasPrefix(".") {
            let child = "\(path)/\(name)"
            if Self.isFolder(child) {
                addTree(child, after: old, where: matters)
            } else if files[child] == nil, matters(child) {
                add(child, after: old)
            }
        }
        if names.isEmpty, !Self.isFolder(path) { add(path, after: old) }
    }

    /// What a build of the same inputs has written itself belongs to them.
    mutating func cover(_ path: String, of other: InputSnapshot) { files[path] = other.files[path] }

    private mutating func add(_ path: String, after old: InputSnapshot?) {
        guard let stamp = FileStamp(path) else { return }
        if let known = old?.files[path], known.stamp == stamp {
            files[path] = known
            return
        }
        var entry = Entry(stamp: stamp)
        if path.hasSuffix(".swift"), let content = HostFiles.content(of: path) {
            entry.digest = SHA256.digest(of: content)
            entry.leaks = LeakingCode(in: content)
        }
        files[path] = entry
    }

    /// The content that was compiled is not known.
    mutating func disown(_ path: String) { files[path]?.digest = nil }

    private static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }
}
