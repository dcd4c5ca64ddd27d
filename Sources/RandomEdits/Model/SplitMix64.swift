// SPDX-License-Identifier: Apache-2.0

/// A seeded generator, so that every edit can be made again. The constants are those of SplitMix64 as its author
/// published it.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// The generator of one step: it depends on nothing but the two numbers.
    package init(seed: UInt64, step: Int) {
        var mixed = SplitMix64(seed: seed)
        state = mixed.next() ^ (UInt64(step) &* 0x9E37_79B9_7F4A_7C15)
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A constant for generated code: small, so that sums of sums stay far from any overflow of what they are shown in.
    mutating func number() -> Int { Int.random(in: 1...99, using: &self) }

    /// True once in so many times.
    mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    /// One of these; they must not be empty.
    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &self)] }
}
