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

    /// Sends one file whole, from where an earlier set was cut, or as differences to its base.
    /// - Throws: `Fault` when the agent has refused the set, `syncSourceChanged`, `CancellationError`.
    mutating func send(_ file: SyncFile, _ entry: SetEntry, index: UInt32) async throws {
        let readings = session.options.readings
        let signature = try await readings.signature(of: file)
        var start: UInt64 = 0
        if case .resume(let offset) = entry.content { start = offset }
        let base = await base(file, entry)
        for piece in FilePieces(size: file.size, blocks: signature.blocks, base: base, from: start).pieces {
            switch piece {
            case .copy(let offset, let count):
                try await pass(.copy(file: index, offset: offset, length: UInt32(count)), content: count)
            case .data(let offset, let count):
                let bytes = try await readings.bytes(of: file, at: offset, count)
                try await pass(.data(file: index, payload: bytes, start: 0), content: count)
            }
        }
    }

    /// How blocks are found in the base: all of them when the container has the very content under another name.
    private func base(_ file: SyncFile, _ entry: SetEntry) async -> FilePieces.Base {
        guard case .patch(_, let bytes) = entry.content, let digest = ContentDigest(bytes: bytes) else { return .none }
        if digest == file.digest { return .same }
        return await session.options.readings.signature(digest).map { .blocks($0.blocks) } ?? .none
    }

    private mutating func pass(_ message: Message, content size: Int) async throws {
        if try await !session.hasRoom(id, sent: content) {
            try await flush()
            try await session.waitForWindow(id, sent: content)
        }
        content += UInt64(size)
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
