// SPDX-License-Identifier: Apache-2.0

/// A set of Unicode scalars as ranges.
struct ScalarSet: Sendable {
    var ranges: [ClosedRange<UInt32>]
    var isInverted = false
    /// Takes a letter also for its other case.
    var foldsCase = false

    init(_ ranges: [ClosedRange<UInt32>], inverted: Bool = false) {
        self.ranges = ranges
        isInverted = inverted
    }

    init(_ scalar: Unicode.Scalar) {
        self.init([scalar.value...scalar.value])
    }

    static let digit = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
    /// Tab, line feed, form feed, carriage return and the space, as RE2 has it.
    static let space = ScalarSet([0x09...0x0a, 0x0c...0x0d, 0x20...0x20])
    static let none = ScalarSet([])

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        var found = has(scalar)
        if !found, foldsCase {
            let properties = scalar.properties
            found = other(scalar, properties.lowercaseMapping) || other(scalar, properties.uppercaseMapping)
        }
        return found != isInverted
    }

    /// The ranges of this set, with the inversion worked out.
    var positiveRanges: [ClosedRange<UInt32>] {
        guard isInverted else { return ranges }
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = max(next, range.upperBound + 1)
        }
        if next <= 0x10_ffff { gaps.append(next...0x10_ffff) }
        return gaps
    }

    private func has(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar.value) }
    }

    private func other(_ scalar: Unicode.Scalar, _ mapping: String) -> Bool {
        guard mapping.unicodeScalars.count == 1, let mapped = mapping.unicodeScalars.first, mapped != scalar else {
            return false
        }
        return has(mapped)
    }
}
