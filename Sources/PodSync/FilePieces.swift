// SPDX-License-Identifier: Apache-2.0

import SyncProtocol

/// How a container gets the content of one file: runs of blocks that it has become one copy, the others are sent.
struct FilePieces: Equatable {
    enum Base {
        case none
        /// The base is the same content.
        case same
        case blocks([UInt64])
    }

    enum Piece: Equatable {
        /// Bytes of the new content, in one piece of ``SyncLimits/chunk`` bytes from the start of the file.
        case data(offset: UInt64, count: Int)
        /// Bytes that the base has at the same place.
        case copy(offset: UInt64, count: Int)
    }

    private(set) var pieces: [Piece] = []

    /// - Parameters:
    ///   - size: of the new content, in bytes.
    ///   - blocks: ``BlockSignature/blocks`` of the new content.
    ///   - start: bytes that the container has already; a multiple of the block size, or `size`.
    init(size: UInt64, blocks: [UInt64], base: Base, from start: UInt64 = 0) {
        let blockSize = UInt64(BlockSignature.blockSize)
        var offset = start
        while offset < size {
            let count = min(blockSize, size - offset)
            if Self.isInBase(Int(offset / blockSize), blocks, base) {
                copy(offset, Int(count))
            } else {
                send(offset, Int(count))
            }
            offset += count
        }
    }

    private static func isInBase(_ block: Int, _ blocks: [UInt64], _ base: Base) -> Bool {
        switch base {
        case .none: false
        case .same: true
        case .blocks(let known): block < known.count && known[block] == blocks[block]
        }
    }

    private mutating func copy(_ offset: UInt64, _ count: Int) {
        if case .copy(let start, let length) = pieces.last, length + count <= SyncLimits.copyRange {
            pieces[pieces.count - 1] = .copy(offset: start, count: length + count)
        } else {
            pieces.append(.copy(offset: offset, count: count))
        }
    }

    private mutating func send(_ offset: UInt64, _ count: Int) {
        if case .data(let start, let length) = pieces.last, offset % UInt64(SyncLimits.chunk) != 0 {
            pieces[pieces.count - 1] = .data(offset: start, count: length + count)
        } else {
            pieces.append(.data(offset: offset, count: count))
        }
    }
}
