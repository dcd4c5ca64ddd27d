// SPDX-License-Identifier: Apache-2.0

import CAgent

/// The container's files as change sets see them: absolute destinations, reached without following any link.
final class FileTree {
    /// A destination: its folder and the name in it.
    struct Place {
        var folder: Folder
        var name: Bytes
    }

    /// Path of the app folder as the container knows it, without a slash at its end.
    let appPath: Bytes
    let app: Folder
    /// `.devloop` in the app folder: record, socket, lock.
    let own: Folder
    /// `.devloop/stage`: new files for the app folder, on its file system.
    let stage: Folder
    private let root: Folder
    /// Paths below the app folder are in ours, all others below the root.
    private let isOneTree: Bool
    /// The folder that was reached last, and where content for it is staged, with the path that both are of: what follows
    /// in a set mostly lies in the same one. See ``forget()``.
    private var reached: (path: Bytes, folder: Folder)?
    private var staging: (path: Bytes, folder: Folder)?

    /// - Parameter root: nil for our own files; else another container's, which has no app folder: ours is made where it
    ///   is missing.
    /// - Throws: when the app folder is missing or cannot be written.
    init(appPath: Bytes, root other: Bytes?) throws(Fault) {
        self.appPath = appPath
        isOneTree = other == nil
        root = try Folder.open(other ?? text("/"))
        if other != nil, let slash = appPath.lastIndex(of: 0x2F), slash > 0 {
            _ = try Folder.open(Bytes(appPath[..<slash])).makeFolder(Bytes(appPath[(slash + 1)...]))
        }
        app = try Folder.open(appPath)
        own = try Self.make(PathRules.ownFolder, in: app, appPath)
        stage = try Self.make(text("stage"), in: own, appPath)
        let probe = stage.create(text("probe"))
        if probe >= 0 { _ = dl_close(probe) }
        guard probe >= 0 || probe == -Int32(DL_EEXIST) else { throw Fault(.io, errno: -probe, place: appPath) }
        _ = dl_clear_folder(stage.descriptor)
    }

    private static func make(_ name: Bytes, in folder: Folder, _ path: Bytes) throws(Fault) -> Folder {
        let result = folder.makeFolder(name)
        guard result == 0 || result == -Int32(DL_EEXIST) else {
            throw Fault(.io, errno: -result, place: path)
        }
        guard let made = try folder.folder(name, path: path) else {
            throw Fault(.io, errno: Int32(DL_ENOENT), place: path)
        }
        return made
    }

    /// Where a walk to the path starts, and the names on the way.
    private func start(_ path: Bytes) -> (folder: Folder, prefix: Bytes, names: [Bytes]) {
        if isOneTree, PathRules.isBelow(path, appPath) {
            return (app, appPath, PathRules.components(of: Bytes(path[appPath.count...])))
        }
        return (root, [], PathRules.components(of: path))
    }

    /// Walks anew from now on. Folders are remembered within a set only, and not when one of them has been removed: another
    /// program may put others in their place at any time.
    func forget() {
        reached = nil
        staging = nil
    }

    /// The place in the folder that was reached last; nil when the path lies in another one.
    private func known(_ path: Bytes) -> Place? {
        guard let reached, let name = PathRules.name(of: path, in: reached.path) else { return nil }
        return Place(folder: reached.folder, name: name)
    }

    /// The place of an existing folder's child; nil when a folder on the way is missing.
    func locate(_ path: Bytes) throws(Fault) -> Place? {
        if let place = known(path) { return place }
        var (folder, walked, names) = start(path)
        let name = names.removeLast()
        for step in names {
            walked.append(0x2F)
            walked.append(contentsOf: step)
            guard let next = try folder.folder(step, path: walked) else { return nil }
            folder = next
        }
        reached = (walked, folder)
        return Place(folder: folder, name: name)
    }

    /// As ``locate(_:)``, making folders on the way; `made` gets the paths of new ones, outermost first.
    func locate(_ path: Bytes, making made: inout [Bytes]) throws(Fault) -> Place {
        if let place = known(path) { return place }
        var (folder, walked, names) = start(path)
        let name = names.removeLast()
        for step in names {
            walked.append(0x2F)
            walked.append(contentsOf: step)
            if let next = try folder.folder(step, path: walked) {
                folder = next
                continue
            }
            let result = folder.makeFolder(step)
            guard result == 0, let next = try folder.folder(step, path: walked) else {
                throw Fault(.io, errno: -result, place: walked)
            }
            made.append(walked)
            folder = next
        }
        reached = (walked, folder)
        return Place(folder: folder, name: name)
    }

    /// A folder on the destination's file system for its new content: the agent's own for the app folder, else the
    /// deepest folder on the way that exists.
    func stageFolder(for path: Bytes) throws(Fault) -> Folder {
        if isOneTree, PathRules.isBelow(path, appPath) { return stage }
        let parent = PathRules.parent(of: path)
        if let staging, staging.path == parent { return staging.folder }
        let folder = try deepestFolder(path)
        staging = (parent, folder)
        return folder
    }

    private func deepestFolder(_ path: Bytes) throws(Fault) -> Folder {
        var (folder, walked, names) = start(path)
        names.removeLast()
        for step in names {
            walked.append(0x2F)
            walked.append(contentsOf: step)
            let next: Folder?
            do throws(Fault) {
                next = try folder.folder(step, path: walked)
            } catch {
                // A file or link that this very set turns into a folder is no obstacle to staging beside it.
                if error.errno == Int32(DL_ENOTDIR) || error.code == .link { return folder }
                throw error
            }
            guard let next else { return folder }
            folder = next
        }
        return folder
    }
}
