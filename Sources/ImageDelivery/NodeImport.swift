// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
package import ImagePack
package import ProcessRunner

/// One receiver of image archives: a node, or a command of the user that knows the way.
///
/// Layers that it was given before are left out; if it refuses such a delta archive, the full one follows once.
package actor NodeImport {
    package struct Settings: Sendable {
        /// For messages: `node minikube-m02`; empty when there is only one.
        package var name = ""
        /// The command that reads an archive.
        package var command: ProcessCommand
        /// Whether it is worth trying an archive without the layers that the node has.
        package var takesDelta = true
        /// Whether archives bring a pin for the base along.
        package var pins = false
        /// Whether a run of the command is kept waiting for the next archive.
        package var keepsReady = false
        /// The command that removes images; nil prunes nothing.
        package var removal: (@Sendable (_ references: [String]) -> ProcessCommand?)?
        /// Versions of one image that are kept on the node.
        package var keptVersions = 5

        package init(command: ProcessCommand) { self.command = command }
    }

    /// Names of images that Pods of the cluster name, as the node's runtime stores them.
    package typealias ImagesInUse = @Sendable () async throws -> Set<String>

    /// A waiting run is not trusted for longer: what containerd holds for it (a lease) ends after 24 hours, and machines
    /// sleep meanwhile.
    private static let readyAge = Duration.seconds(1800)

    package nonisolated let settings: Settings
    private let memory: DeliveryMemory?
    private let imagesInUse: ImagesInUse?
    private var given: NodeImages
    private var ready: ImportProcess?
    private var preparing: Task<Void, Never>?
    private var pruning: Task<Void, Never>?
    /// One delivery at a time: the second of two images with the same base finds it there, and need not bring it again.
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter memory: where to remember over sessions what was given.
    package init(_ settings: Settings, memory: DeliveryMemory?, imagesInUse: ImagesInUse? = nil) {
        self.settings = settings
        self.memory = memory
        self.imagesInUse = imagesInUse
        given = memory?.load() ?? NodeImages()
    }

    /// Starts a run that waits for an archive. What fails here is told when there is an archive.
    package func prepare() {
        guard settings.keepsReady, ready == nil, preparing == nil else { return }
        preparing = Task {
            let process = try? await ImportProcess(settings.command)
            ready = process
            preparing = nil
        }
    }

    /// Waits until a run waits, where one is kept.
    package func becomesReady() async { await preparing?.value }

    package func deliver(_ image: PackedImage) async throws -> Delivery {
        await enter()
        defer { leave() }
        try Task.checkCancellation()
        let pin = settings.pins ? ImagePin(of: image).flatMap { given.has($0) ? nil : $0 } : nil
        let shared = settings.takesDelta ? given.layers.intersection(image.layers.map(\.digest)) : []
        defer { prepare() }
        if !shared.isEmpty {
            let archive = try ImageArchive.make(image, without: shared, pin: pin)
            if try await hand(archive).status.isSuccess {
                remember(image, pin)
                return Delivery(reference: image.reference, way: "delta archive", sent: archive.size)
            }
            // The node has dropped what it had: all that is known of it is worth nothing.
            given = NodeImages()
        }
        let full = settings.pins ? ImagePin(of: image) : nil
        let archive = try ImageArchive.make(image, pin: full)
        let result = try await hand(archive)
        guard result.status.isSuccess else { throw refusal(of: image, result) }
        remember(image, full)
        return Delivery(reference: image.reference, way: "full archive", sent: archive.size)
    }

    /// Ends what waits.
    package func close() async {
        await preparing?.value
        await ready?.discard()
        ready = nil
        await pruning?.value
    }

    private func hand(_ archive: ByteSource) async throws -> ProcessResult {
        await preparing?.value
        if let process = ready {
            ready = nil
            if ContinuousClock.now - process.started < Self.readyAge {
                let result = try await process.hand(archive)
                if result.status.isSuccess { return result }
                // It may have been dead for long, with the connection that it held.
            } else {
                await process.discard()
            }
        }
        return try await ImportProcess(settings.command).hand(archive)
    }

    private func remember(_ image: PackedImage, _ pin: ImagePin?) {
        let before = given
        given.add(image, pin: pin)
        if given != before { memory?.save(given) }
        prune()
    }

    /// Removes versions beyond those that are kept, but none that a Pod names. A failure leaves them for the next time.
    private func prune() {
        guard let removal = settings.removal, let imagesInUse, given.isOver(settings.keptVersions) else { return }
        pruning = Task {
            guard let inUse = try? await imagesInUse() else { return }
            await enter()
            defer { leave() }
            let names = given.removeSurplus(keeping: settings.keptVersions, inUse: inUse)
            memory?.save(given)
            guard !names.isEmpty, let command = removal(names) else { return }
            _ = try? await ProcessRunner.run(command)
        }
    }

    private func enter() async {
        guard isBusy else {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }

    private func refusal(of image: PackedImage, _ result: ProcessResult) -> DevloopError {
        let words = result.errorText.isEmpty ? result.outputText : result.errorText
        let last = words.split(separator: "\n").suffix(3).joined(separator: "; ")
        let place = settings.name.isEmpty ? "" : "\(settings.name): "
        return DevloopError(
            .image,
            "\(place)'\(settings.command.arguments.joined(separator: " "))' did not take \(image.reference): "
                + "\(result.status)" + (last.isEmpty ? "" : ": \(last)"),
            hint: "run the command by hand with an image archive to see what it needs")
    }
}
