// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Directories of a packed image and whose they are.
struct LayerPlan {
    /// Absolute working directory of the program.
    let directory: String
    /// Entries for the working directory and those above it, as far as they are ours.
    let directories: [LayerFile]
    private let hasBase: Bool

    /// - Throws: `DevloopError` with code image for a user that only a base could know.
    init(_ contents: SwiftImagePacker.Contents, home: String) throws(DevloopError) {
        hasBase = contents.base != nil
        directory = contents.directory.isEmpty ? contents.base?.directory ?? home : contents.directory
        let owner = FileOwner(contents.user)
        if contents.base == nil, !contents.user.isEmpty, owner == nil {
            throw DevloopError(
                .image, "\(contents.ref): the image has no user '\(contents.user)', since it has no base",
                hint: "give numbers, such as user='1000:1000'")
        }
        // The program's own directory is always there; another one is made only where the spec asks for it.
        var paths = [home]
        if !contents.directory.isEmpty { paths.append(directory) }
        let working = directory
        directories = Set(paths).sorted().map { path in
            var entry = LayerFile(path: path, content: .directory, mode: 0o755)
            if path == working, let owner { entry.owner = owner }
            return entry
        }
    }

    /// The files of a layer with our own directories among their parents, so that no layer takes them back to root.
    func complete(_ files: [LayerFile]) -> [LayerFile] {
        files
            + directories.filter { directory in
                files.contains { $0.path.hasPrefix("\(directory.path)/") }
                    && !files.contains { $0.path == directory.path }
            }
    }

    /// Whether a layer may have an entry for a parent directory: with a base, only for those that are devloop's.
    var isOwned: ((String) -> Bool)? {
        guard hasBase else { return nil }
        return { path in ["app", "devloop"].contains { path == $0 || path.hasPrefix("\($0)/") } }
    }
}
