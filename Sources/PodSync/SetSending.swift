// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import SyncProtocol

/// Sends the content of one set's files, never further ahead of the agent than the window.
struct SetSending {
    let session: PodSyncSession
    let id: UInt64
    /// On the stream, headers included.
    private(set) var bytesSent: UInt64 = 0
    /// Content that was sent or ordered to be copied.
    private var content: UInt64 = 0
    /// Frames that go out together: differences make many small ones, and each send costs the stream a message.
    private var batch: [UInt8] = []

    init(session: PodSyncSession, id: UInt64) {
        self.session = session
        self.id = id
    }

    /// Sends one file whole, or as differences to its base; gives the signature of what the container then has.
    /// - Throws: `Fault` when the agent has refused the set, `syncSourceChanged`, `CancellationError`.
    mutating func send(
        _ file: SyncFile, _ entry: SetEntry, index: UInt32, base: BlockSignature?
    ) async throws -> BlockSignature {
        var source = try SyncSource(file)
        var signature = BlockSignature(digest: file.digest, blocks: [])
        signature.blocks.reserveCapacity(Int(file.size) / BlockSignature.blockSize + 1)
        var pieces = PieceBuilder(index: index, base: patchBase(file, entry, base))
        while true {
            let bytes = try source.next(SyncLimits.chunk)
            guard !bytes.isEmpty else { break }
            pieces.add(bytes, &signature)
            while let message = pieces.next(atEnd: false) { try await pass(message) }
        }
        try source.finish()
        while let message = pieces.next(atEnd: true) { try await pass(message) }
        return signature
    }

    /// How blocks are found in the base: all of them when the container has the very content under another name.
    private func patchBase(_ file: SyncFile, _ entry: SetEntry, _ base: BlockSignature?) -> PieceBuilder.Base {
        guard case .patch(_, let digest) = entry.content else { return .none }
        if digest == file.digest.bytes { return .same }
        guard let base, base.digest.bytes == digest else { return .none }
        return .blocks(base.blocks)
    }

    private mutating func pass(_ message: Message) async throws {
        let size: UInt64
        switch message {
        case .data(_, let payload, let start): size = UInt64(payload.count - start)
        case .copy(_, _, let length): size = UInt64(length)
        default: size = 0
        }
        if try await !session.hasRoom(id, sent: content) {
            try await flush()
            try await session.waitForWindow(id, sent: content)
        }
        content += size
        batch += message.frame(id: Frame.setID(id)).encoded(using: session.crc)
        if batch.count >= SyncLimits.chunk { try await flush() }
    }

    /// Sends what is held back; to be called after the last file.
    mutating func flush() async throws {
        guard !batch.isEmpty else { return }
        let frames = batch
        batch = []
        bytesSent += UInt64(frames.count)
        try await session.send(frames: frames)
    }
}

extension PodSyncSession {
    /// Whether less than a window is on its way.
    /// - Throws: `Fault` when the agent has refused the set, `CancellationError`.
    func hasRoom(_ id: UInt64, sent: UInt64) throws -> Bool {
        try Task.checkCancellation()
        if let fault = progress.faults[id] { throw fault }
        return isWithinWindow(id, sent: sent)
    }

    /// Waits until less than a window is on its way.
    func waitForWindow(_ id: UInt64, sent: UInt64) async throws {
        try await wait {
            self.progress.faults[id] != nil || self.isWithinWindow(id, sent: sent)
        }
        if let fault = progress.faults[id] { throw fault }
    }

    private func isWithinWindow(_ id: UInt64, sent: UInt64) -> Bool {
        sent < progress.taken(of: id) + UInt64(SyncLimits.window)
    }
}
