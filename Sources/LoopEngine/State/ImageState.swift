// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// What the session knows of one image.
struct ImageState {
    var image: Image
    /// Executable product, found out when the spec leaves it open.
    var product: String
    /// The newest build.
    var artifact: Artifact?
    /// The reference that the node has, and the artifact in it.
    var reference: String?
    var packed: Artifact?
    /// Inputs other than the artifact changed since the image was made.
    var isStale = true
    /// Files that changed since the image was made, by destination.
    var overlay: [ExactPath: SyncSet.File] = [:]
    /// Destinations of files that are gone: what the program is told of it, and the version that they went with.
    private var deletions: [ExactPath: (reaction: SyncSet.Reaction, version: Int)] = [:]
    /// Files that are gone together with all else that their rule names: containers keep them until it is back.
    var kept: [ExactPath: SyncSet.File] = [:]
    /// Commands of `run` steps that changes since then ask for, in the spec's order, with the version that last did.
    var runs: [(command: [String], version: Int)] = []
    /// Counts changes of what containers should have.
    var version = 0
    /// What it runs by itself; nil when nobody has asked.
    var program: ImageProgram?

    init(_ image: Image, product: String) {
        self.image = image
        self.product = product
    }

    /// Its spec asks for files, or programs, in running containers.
    var isLive: Bool { image.swift?.live ?? image.hasSyncRules }

    /// Files changed since the image was made; beside what `initial_sync` brings.
    private(set) var hasChangedFiles = false

    /// Where the synced executable and its libraries live in the container (design §4.5).
    private static let syncFolder = "/devloop/app"
    var entryDestination: String { "\(Self.syncFolder)/\(product)" }

    /// Takes in what a save asks for; it becomes the version after this one.
    mutating func add(_ files: [SyncSet.File], deletions gone: [SyncSet.Deletion], commands: [[String]]) {
        hasChangedFiles = true
        for file in files {
            let destination = ExactPath(file.destination)
            overlay[destination] = file
            deletions[destination] = nil
            kept[destination] = nil
        }
        for deletion in gone { delete(ExactPath(deletion.path), deletion.reaction) }
        for command in commands {
            runs.removeAll { $0.command == command }
            runs.append((command, version + 1))
        }
        let order = image.liveUpdate.compactMap { step -> [String]? in
            if case .run(let arguments, _) = step { return arguments }
            return nil
        }
        runs.sort { (order.firstIndex(of: $0.command) ?? 0) < (order.firstIndex(of: $1.command) ?? 0) }
    }

    /// Has a file deleted in containers, from the version after this one on.
    mutating func delete(_ destination: ExactPath, _ reaction: SyncSet.Reaction) {
        hasChangedFiles = true
        overlay[destination] = nil
        kept[destination] = nil
        deletions[destination] = (reaction, version + 1)
    }

    /// Has what `initial_sync` brings in new containers, unless it has changed since.
    mutating func add(initial: [ExactPath: SyncSet.File]) {
        for (destination, file) in initial where overlay[destination] == nil && deletions[destination] == nil {
            overlay[destination] = file
        }
    }

    /// Containers that devloop has not rendered lack what changed before their rules did.
    mutating func inherit(from old: ImageState) {
        for file in old.overlay.values {
            guard let match = LiveChanges.match(file.source, image) else { continue }
            overlay[ExactPath(match.destination)] = match
            hasChangedFiles = hasChangedFiles || old.hasChangedFiles
        }
    }

    /// The image was made anew, with everything that had changed.
    mutating func forgetChanges(initial: [ExactPath: SyncSet.File]) {
        hasChangedFiles = false
        overlay = initial
        deletions = [:]
        kept = [:]
        runs = []
    }

    /// What a container of the image should have, beyond the image itself.
    /// - Parameter ran: version up to which it has deleted files and run commands; nil for a new container, which is
    ///   told all of them.
    func desired(after ran: Int?) -> SyncSet {
        var files: [SyncSet.File] = []
        if let artifact {
            var entry = SyncSet.File(
                source: artifact.path, destination: entryDestination, isExecutable: true, isEntry: true)
            entry.digest = artifact.digest
            files.append(entry)
            files += artifact.libraries.map { library in
                SyncSet.File(
                    source: library.path, destination: "\(Self.syncFolder)/lib/\(library.name)", isExecutable: true,
                    isEntry: false,
                    companion: .init(
                        imageDigest: packed?.libraries.first { $0.name == library.name }?.digest, isBeside: false))
            }
            files += artifact.resources.map { resource in
                SyncSet.File(
                    source: resource.path, destination: "\(Self.syncFolder)/\(resource.name)", isExecutable: false,
                    isEntry: false,
                    companion: .init(
                        imageDigest: packed?.resources.first { $0.name == resource.name }?.digest, isBeside: true))
            }
        }
        files += overlay.values.sorted { $0.destination < $1.destination }
        let ran = ran ?? -1
        let gone = deletions.filter { $0.value.version > ran }.map {
            SyncSet.Deletion(path: $0.key.text, reaction: $0.value.reaction)
        }
        var set = SyncSet(
            files: files, deletions: gone.sorted { $0.path < $1.path },
            restarts: image.liveUpdate.contains(.restart), commands: runs.filter { $0.version > ran }.map(\.command))
        set.rollsBack = image.swift?.rollsBack ?? false
        return set
    }

    /// Files of an earlier session that a container has by its own record: where they come from, those that are gone,
    /// and those that no rule leads to. What lay in a folder that is gone as a whole is left to the container.
    /// - Parameter exists: whether a file of this machine is there.
    func leftovers(
        _ recorded: [String], exists: (String) -> Bool
    ) -> (files: [SyncSet.File], deletions: [SyncSet.Deletion], unknown: [String]) {
        let known = Set(desired(after: nil).files.map { ExactPath($0.destination) }).union(deletions.keys).union(
            kept.keys)
        var result: (files: [SyncSet.File], deletions: [SyncSet.Deletion], unknown: [String]) = ([], [], [])
        for path in recorded.sorted() where !known.contains(ExactPath(path)) {
            guard let source = LiveChanges.source(of: path, image), let file = LiveChanges.match(source, image) else {
                // What is synced there is a program's own, and nothing that its image has.
                if image.swift == nil || !path.hasPrefix("\(Self.syncFolder)/") { result.unknown.append(path) }
                continue
            }
            if exists(source) {
                result.files.append(file)
            } else if LiveChanges.isRootThere(file, exists) {
                result.deletions.append(SyncSet.Deletion(path: path, reaction: file.reaction))
            }
        }
        return result
    }

    /// The image must be made before it can be deployed.
    var needsImage: Bool { image.foreign == nil && (reference == nil || isStale || packed != artifact) }
}
