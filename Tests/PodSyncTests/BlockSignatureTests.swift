// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PodSync

@Suite("block signatures") struct BlockSignatureTests {
    static func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { BlockSignature.hash($0) } }

    /// Contents as linkers make them: nearly the same, much of it zero.
    @Test("blocks that differ in one bit, in order or in length come out differently")
    func tellsApart() {
        var seen: Set<UInt64> = [Self.hash([])]
        var count = 1
        func add(_ bytes: [UInt8]) {
            seen.insert(Self.hash(bytes))
            count += 1
        }
        for length in 1...200 { add([UInt8](repeating: 0, count: length)) }
        let block = noise(200, seed: 1)
        add(block)
        for index in block.indices {
            for bit in 0..<8 {
                var changed = block
                changed[index] ^= 1 << bit
                add(changed)
            }
        }
        for word in 0..<24 {
            var swapped = block
            for byte in 0..<8 { swapped.swapAt(word * 8 + byte, (word * 8 + 8 + byte) % 200) }
            add(swapped)
        }
        // Two bits in words that follow each other in the same sum must not undo each other.
        for first in 0..<64 {
            for second in 0..<64 {
                var changed = block
                changed[first / 8] ^= 1 << (first % 8)
                changed[32 + second / 8] ^= 1 << (second % 8)
                add(changed)
            }
        }
        #expect(seen.count == count)
    }

    @Test("the place in memory does not matter")
    func unaligned() {
        let block = noise(1_000, seed: 2)
        for shift in 1..<16 {
            let moved = [UInt8](repeating: 7, count: shift) + block
            #expect(moved.withUnsafeBytes { BlockSignature.hash(.init(rebasing: $0[shift...])) } == Self.hash(block))
        }
    }
}
