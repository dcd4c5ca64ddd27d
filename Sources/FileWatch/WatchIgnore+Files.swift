// SPDX-License-Identifier: Apache-2.0

extension WatchIgnore {
    /// All files below a root that a watcher of it would see, or the root itself when it is one. Folders and rules that
    /// cannot be read have none.
    package func files(below root: String) -> [String] {
        guard FolderReader.isFolder(root) else { return FolderReader.kind(root) == nil ? [] : [root] }
        guard let rules = try? RootIgnore(root: root, ignore: self) else { return [] }
        var found: [String] = []
        var open = [root]
        while let folder = open.popLast() {
            for (name, kind) in FolderReader.entries(folder) ?? [] {
                let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
                guard !rules.isIgnored(path, isDirectory: kind == .folder) else { continue }
                if kind == .folder { open.append(path) } else { found.append(path) }
            }
        }
        return found.sorted()
    }
}
