// SPDX-License-Identifier: Apache-2.0

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
    var overlay: [String: SyncSet.File] = [:]
    /// Destinations of files that are gone, with the version that they went with.
    var deletions: [String: Int] = [:]
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
    mutating func add(_ files: [SyncSet.File], deletions gone: [String], commands: [[String]]) {
        hasChangedFiles = true
        for file in files {
            overlay[file.destination] = file
            deletions[file.destination] = nil
        }
        for destination in gone {
            overlay[destination] = nil
            deletions[destination] = version + 1
        }
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

    /// The image was made anew, with everything that had changed.
    mutating func forgetChanges(initial: [String: SyncSet.File]) {
        hasChangedFiles = false
        overlay = initial
        deletions = [:]
        runs = []
    }

    /// What a container of the image should have, beyond the image itself.
    /// - Parameter ran: version up to which it has deleted files and run commands; nil for a new container, which is
    ///   told all of them.
    func desired(after ran: Int?) -> SyncSet {
        var files: [SyncSet.File] = []
        if let artifact {
            files.append(
                SyncSet.File(
                    source: artifact.path, destination: entryDestination, isExecutable: true, isEntry: true))
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
        return SyncSet(
            files: files, deletions: deletions.filter { $0.value > ran }.map(\.key).sorted(),
            restarts: image.liveUpdate.contains(.restart), commands: runs.filter { $0.version > ran }.map(\.command))
    }

    /// Files of an earlier session that a container has by its own record: where they come from, and those that no rule
    /// leads to.
    /// - Parameter exists: whether a file of this machine is there.
    func leftovers(
        _ recorded: [String], exists: (String) -> Bool
    ) -> (files: [SyncSet.File], deletions: [String], unknown: [String]) {
        let known = Set(desired(after: nil).files.map(\.destination)).union(deletions.keys)
        var result: (files: [SyncSet.File], deletions: [String], unknown: [String]) = ([], [], [])
        for path in recorded.sorted() where !known.contains(path) {
            guard let source = LiveChanges.source(of: path, image), let match = LiveChanges.match(source, image) else {
                // What is synced there is a program's own, and nothing that its image has.
                if image.swift == nil || !path.hasPrefix("\(Self.syncFolder)/") { result.unknown.append(path) }
                continue
            }
            if exists(source) { result.files.append(match.file) } else { result.deletions.append(path) }
        }
        return result
    }

    /// The image must be made before it can be deployed.
    var needsImage: Bool { reference == nil || isStale || packed != artifact }
}
