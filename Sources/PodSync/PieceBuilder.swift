// SPDX-License-Identifier: Apache-2.0

import SyncProtocol

/// Turns the blocks of a file into data and copy frames: runs of equal blocks become one copy.
struct PieceBuilder {
    enum Base {
        case none
        /// The base is the same content.
        case same
        case blocks([UInt64])
    }

    private let index: UInt32
    private let base: Base
    private var ready: [Message] = []
    private var position: UInt64 = 0
    private var copyStart: UInt64 = 0
    private var copyLength: UInt64 = 0
    private var pending: [UInt8] = []

    init(index: UInt32, base: Base) {
        self.index = index
        self.base = base
    }

    /// Adds the next bytes, which start at a block's boundary, and completes the signature.
    mutating func add(_ bytes: [UInt8], _ signature: inout BlockSignature) {
        var start = 0
        while start < bytes.count {
            let end = min(start + BlockSignature.blockSize, bytes.count)
            let hash = bytes.withUnsafeBytes {
                BlockSignature.hash(UnsafeRawBufferPointer(rebasing: $0[start..<end]))
            }
            if isInBase(signature.blocks.count, hash) {
                copy(UInt64(end - start))
            } else {
                data(bytes[start..<end])
            }
            signature.blocks.append(hash)
            position += UInt64(end - start)
            start = end
        }
    }

    /// The next frame that is complete; at the end also the one that was still growing.
    mutating func next(atEnd: Bool) -> Message? {
        if atEnd {
            flushCopy()
            flushData()
        }
        return ready.isEmpty ? nil : ready.removeFirst()
    }

    private func isInBase(_ block: Int, _ hash: UInt64) -> Bool {
        switch base {
        case .none: false
        case .same: true
        case .blocks(let blocks): block < blocks.count && blocks[block] == hash
        }
    }

    private mutating func copy(_ length: UInt64) {
        flushData()
        if copyLength == 0 { copyStart = position }
        copyLength += length
        if copyLength + UInt64(BlockSignature.blockSize) > UInt64(SyncLimits.copyRange) { flushCopy() }
    }

    private mutating func data(_ bytes: ArraySlice<UInt8>) {
        flushCopy()
        pending.append(contentsOf: bytes)
        if pending.count >= SyncLimits.chunk { flushData() }
    }

    private mutating func flushCopy() {
        guard copyLength > 0 else { return }
        ready.append(.copy(file: index, offset: copyStart, length: UInt32(copyLength)))
        copyLength = 0
    }

    private mutating func flushData() {
        guard !pending.isEmpty else { return }
        ready.append(.data(file: index, payload: pending, start: 0))
        pending = []
    }
}
