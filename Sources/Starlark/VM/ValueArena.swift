// SPDX-License-Identifier: Apache-2.0

/// Memory for the slots and operand stacks of frames, handed out and taken back in the order of a stack. It grows by
/// chunks that never move, so pointers into it stay valid while their frame lives.
final class ValueArena {
    /// Where the arena stood before an allocation.
    struct Mark {
        fileprivate var chunk: Int
        fileprivate var used: Int
    }

    private var chunks: [(base: UnsafeMutableRawPointer, capacity: Int)] = []
    private var position = Mark(chunk: -1, used: 0)

    private static let chunkCapacity = 16_384

    deinit {
        for chunk in chunks { chunk.base.deallocate() }
        floor.deallocate()
    }

    var mark: Mark { position }

    /// An address for frames that need no room.
    let floor = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 16)

    /// Room for `count` values, uninitialised.
    func allocate(_ count: Int) -> UnsafeMutableRawPointer {
        if position.chunk >= 0 && position.used + count <= chunks[position.chunk].capacity {
            defer { position.used += count }
            return chunks[position.chunk].base + position.used * MemoryLayout<Value>.stride
        }
        return allocateInNextChunk(count)
    }

    private func allocateInNextChunk(_ count: Int) -> UnsafeMutableRawPointer {
        let next = position.chunk + 1
        if next < chunks.count && chunks[next].capacity < count {
            // Chunks beyond the current one hold nothing.
            for chunk in chunks[next...] { chunk.base.deallocate() }
            chunks.removeSubrange(next...)
        }
        if next == chunks.count {
            let capacity = max(count, Self.chunkCapacity)
            let base = UnsafeMutableRawPointer.allocate(
                byteCount: capacity * MemoryLayout<Value>.stride, alignment: MemoryLayout<Value>.alignment)
            chunks.append((base, capacity))
        }
        position = Mark(chunk: next, used: count)
        return chunks[next].base
    }

    /// Takes back all that was allocated since the mark.
    func release(to mark: Mark) {
        position = mark
    }
}
