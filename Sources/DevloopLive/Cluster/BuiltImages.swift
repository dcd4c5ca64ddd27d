// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import Hashing
import ImagePack

/// An image of the spec as this session has made it, for images that are made from it and for the next save.
struct BuiltImage: Sendable {
    /// What it is called where it was built, for `FROM`, `COPY --from` and `$TILT_IMAGE_0`.
    var localName: String
    /// ``ImageBuilder/store`` that it is in; empty for one that devloop packed itself.
    var store: String
    /// With its layers where they lie; nil for images that went their own way.
    var packed: PackedImage?
    /// The archive that the layers lie in; kept as long as the image may be sent again.
    var file: ExportFile?
    /// What it was made of; nil when that is not known.
    var inputs: BuildInputs?
    /// What manifests say.
    var reference: String
}

/// What decides what a build makes.
struct BuildInputs: Sendable {
    var store: String
    var request: BuildRequest
    var fingerprint: ContentDigest
    /// Of the content; asked for only when the fingerprint differs.
    var digest: ContentDigest
}

/// The images that this session has made. Each image is made by one task at a time: a second resource that uses it
/// waits, and finds it made.
actor BuiltImages {
    private var images: [String: BuiltImage] = [:]
    private var busy: Set<String> = []
    private var waiters: [String: [(id: UInt64, continuation: CheckedContinuation<Void, any Error>)]] = [:]
    private var lastWaiter: UInt64 = 0

    subscript(ref: String) -> BuiltImage? { images[ref] }

    func set(_ ref: String, _ image: BuiltImage?) { images[ref] = image }

    /// Runs `body` when no other task makes this image.
    /// - Throws: `CancellationError` when cancelled while waiting.
    nonisolated func turn<Result: Sendable>(
        of ref: String, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await enter(ref)
        do {
            let result = try await body()
            await leave(ref)
            return result
        } catch {
            await leave(ref)
            throw error
        }
    }

    private func enter(_ ref: String) async throws {
        try Task.checkCancellation()
        guard !busy.insert(ref).inserted else { return }
        lastWaiter += 1
        let id = lastWaiter
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                waiters[ref, default: []].append((id, continuation))
            }
        } onCancel: {
            Task { await self.giveUp(ref, id) }
        }
    }

    private func giveUp(_ ref: String, _ id: UInt64) {
        guard let index = waiters[ref]?.firstIndex(where: { $0.id == id }) else { return }
        waiters[ref]?.remove(at: index).continuation.resume(throwing: CancellationError())
    }

    private func leave(_ ref: String) {
        // The turn passes to the next one without becoming free in between.
        if var queue = waiters[ref], !queue.isEmpty {
            let next = queue.removeFirst()
            waiters[ref] = queue
            next.continuation.resume()
        } else {
            busy.remove(ref)
        }
    }
}
