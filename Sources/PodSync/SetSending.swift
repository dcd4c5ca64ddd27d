// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import SyncProtocol

/// Sends the frames of one set, its content never further ahead of the agent than the window.
///
/// Frames are held back until they fill a chunk: a small set is one message from its beginning to its commit. Each message
/// costs every process between here and the agent a turn, and with twenty containers these turns are what a save waits for.
struct SetSending {
    let session: PodSyncSession
    let id: UInt64
    /// On the stream, headers included.
    private(set) var bytesSent: UInt64 = 0
    /// Content that was sent or ordered to be copied.
    private var content: UInt64 = 0
    /// Frames that go out together.
    private var batch: [UInt8] = []

    init(session: PodSyncSession, id: UInt64) {
        self.session = session
        self.id = id
    }

    /// Says what the set consists of.
    mutating func announce(_ plan: SyncPlan, _ set: ChangeSet, base: UInt64) async throws {
        let grace = set.grace.map { UInt32(clamping: Int($0 / .milliseconds(1))) }
        try await hold(
            .begin(
                SetHeader(
                    set: id, base: base, entryCount: UInt32(plan.items.count),
                    deletionCount: UInt32(plan.deletions.count), restart: set.restart, graceMilliseconds: grace,
                    probe: set.probe, rollsBack: set.rollsBack)))
        for page in Self.pages(plan.items.map(\.entry), size: { $0.path.count * 2 + 128 }) {
            try await hold(.entries(page))
        }
        for page in Self.pages(plan.deletions, size: { $0.path.count + 64 }) { try await hold(.deletions(page)) }
    }

    /// Sends what is held back, and the order to commit behind it.
    mutating func commit() async throws {
        // What was given up meanwhile must not be committed.
        try await session.checkGoesOn(id)
        try await hold(.commit(set: id))
        try await flush()
    }

    /// Cuts a list so that each part stays well below the longest payload.
    private static func pages<Item>(_ items: [Item], size: (Item) -> Int) -> [[Item]] {
        var pages: [[Item]] = []
        var page: [Item] = []
        var bytes = 0
        for item in items {
            page.append(item)
            bytes += size(item)
            if bytes >= SyncLimits.page {
                pages.append(page)
                page = []
                bytes = 0
            }
        }
        if !page.isEmpty { pages.append(page) }
        return pages
    }

    /// Sends the content of all entries, in their order.
    /// - Throws: `Fault` when the agent has refused the set, `syncSourceChanged`, `CancellationError`.
    mutating func send(_ plan: SyncPlan, _ set: ChangeSet) async throws {
        var index = 0
        while index < plan.items.count {
            let item = plan.items[index]
            let small = Self.small(plan, set, from: index)
            if !small.isEmpty {
                // One question for many: asking costs more than what such a file is.
                let contents = try await session.options.readings.contents(
                    of: small.map { set.files[plan.items[$0].file] })
                for (index, bytes) in zip(small, contents) where !bytes.isEmpty {
                    try await pass(.data(file: UInt32(index), payload: bytes, start: 0), content: bytes.count)
                }
                index += small.count
            } else {
                if item.entry.content != .keep {
                    try await send(set.files[item.file], item.entry, index: UInt32(index))
                }
                index += 1
            }
        }
    }

    /// The next items that are sent whole and fit into one chunk together.
    private static func small(_ plan: SyncPlan, _ set: ChangeSet, from start: Int) -> Range<Int> {
        var end = start
        var size: UInt64 = 0
        while end < plan.items.count, plan.items[end].entry.content == .data {
            // Files that are there but empty are counted as well: each is read.
            size += set.files[plan.items[end].file].size + 64
            guard size <= UInt64(SyncLimits.chunk) else { break }
            end += 1
        }
        return start..<end
    }

    /// Sends one file whole, from where an earlier set was cut, or as differences to its base.
    /// - Throws: `Fault` when the agent has refused the set, `syncSourceChanged`, `CancellationError`.
    private mutating func send(_ file: SyncFile, _ entry: SetEntry, index: UInt32) async throws {
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
        try await hold(message)
    }

    private mutating func hold(_ message: Message) async throws {
        message.frame(id: Frame.setID(id)).encode(into: &batch, using: session.crc)
        if batch.count >= SyncLimits.chunk { try await flush() }
    }

    private mutating func flush() async throws {
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
        try checkGoesOn(id)
        return isWithinWindow(id, sent: sent)
    }

    /// - Throws: `Fault` when the agent has refused the set, `CancellationError`.
    func checkGoesOn(_ id: UInt64) throws {
        try Task.checkCancellation()
        if let fault = progress.faults[id] { throw fault }
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
