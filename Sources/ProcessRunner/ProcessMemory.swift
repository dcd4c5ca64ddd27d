// SPDX-License-Identifier: Apache-2.0

internal import CDevloop

/// The memory of this process.
package enum ProcessMemory {
    /// Arenas of the allocator: more threads than these seldom allocate at the same time.
    private static let arenas: Int32 = 2
    /// Bytes from which a block has pages of its own.
    private static let largest: Int32 = 256 << 10

    /// Keeps freed memory from staying with the process. `docs/sync.md` has what a session of ten minutes takes without
    /// it and with it. To be called once, first of all.
    package static func limitHeap() { _ = dl_limit_heap(arenas, largest) }
}
