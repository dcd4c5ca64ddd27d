// SPDX-License-Identifier: Apache-2.0

/// Names that are never anybody's source: version control, build output, and what editors leave while they save.
package enum BuiltInIgnores {
    /// Folders of build output and tool state. `.build` covers variants such as `.build-devloop`.
    private static let folders: Set<String> = [
        ".git", ".hg", ".svn", ".jj", ".devloop", "DerivedData", ".swiftpm", ".idea", ".vscode", "node_modules",
    ]

    /// Whether a directory of this name is skipped with all that it holds.
    package static func isIgnored(directory name: String) -> Bool {
        folders.contains(name) || name == ".build" || name.hasPrefix(".build-")
    }

    /// Whether a file of this name is an editor's or a system's temporary.
    package static func isIgnored(file name: String) -> Bool {
        // `4913` is what vim makes to try whether it may write into a folder; it counts up when that is taken.
        if name == "4913" || name == ".DS_Store" || name == ".git" { return true }
        if name.hasSuffix("~") || name.hasPrefix(".#") || (name.hasPrefix("#") && name.hasSuffix("#")) { return true }
        // JetBrains writes beside the file and renames: `___jb_tmp___`, `___jb_old___`.
        if name.contains("___jb_") { return true }
        // Kate and others: `.name.kate-swp`; GNOME: `.goutputstream-XXXX`; sed -i: `sedXXXXXX` has no mark, so it stays.
        if name.hasPrefix(".goutputstream-") || name.hasSuffix(".kate-swp") { return true }
        if name.hasSuffix(".tmp") || name.contains(".tmp.") || name.contains(".sb-") { return true }
        return isVimSwap(name)
    }

    /// `.name.swp`, then `.swo`, `.swn`... down to `.saa` when several vims have the file open; `.swx` while trying.
    private static func isVimSwap(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return false }
        let end = name[name.index(after: dot)...]
        return end == "swp" || end == "swx" || (end.count == 3 && end.hasPrefix("sw") && name.hasPrefix("."))
    }
}
