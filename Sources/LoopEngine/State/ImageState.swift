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
    var deletions: Set<String> = []
    var commands: [[String]] = []
    /// Counts changes of ``desired``.
    var version = 0

    init(_ image: Image, product: String) {
        self.image = image
        self.product = product
    }

    var isLive: Bool { image.swift?.live ?? false }

    /// Where the synced executable and its libraries live in the container (design §4.5).
    private static let syncFolder = "/devloop/app"
    var entryDestination: String { "\(Self.syncFolder)/\(product)" }

    /// What every container of the image should have, beyond the image itself.
    var desired: SyncSet {
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
        return SyncSet(
            files: files, deletions: deletions.sorted(), restarts: image.liveUpdate.contains(.restart),
            commands: commands)
    }

    /// The image must be made before it can be deployed.
    var needsImage: Bool { reference == nil || isStale || packed != artifact }
}
