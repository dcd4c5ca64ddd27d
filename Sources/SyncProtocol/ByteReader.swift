// SPDX-License-Identifier: Apache-2.0

/// Reads a payload that was built by ``ByteWriter``; the input is not trusted.
///
/// A read beyond the end gives zero or nothing and marks the reader as failed, so that a message is checked once, at
/// its end, with ``isComplete``.
package struct ByteReader: Sendable {
    private let bytes: [UInt8]
    private var position: Int
    private var failed = false

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
    }

    /// True when every read was answered and nothing is left over.
    package var isComplete: Bool { !failed && position == bytes.count }

    /// Where the next read starts.
    package var offset: Int { position }

    /// True when some read went beyond the end.
    package var hasFailed: Bool { failed }

    package mutating func u8() -> UInt8 { integer(UInt8.self) }

    /// Any value but 0 and 1 fails.
    package mutating func flag() -> Bool {
        let value = u8()
        if value > 1 { failed = true }
        return value == 1
    }

    package mutating func u16() -> UInt16 { integer(UInt16.self) }

    package mutating func u32() -> UInt32 { integer(UInt32.self) }

    package mutating func u64() -> UInt64 { integer(UInt64.self) }

    package mutating func i32() -> Int32 { Int32(bitPattern: u32()) }

    package mutating func blob() -> [UInt8] {
        let count = Int(u32())
        guard !failed, count <= bytes.count - position else {
            failed = true
            return []
        }
        let value = [UInt8](bytes[position..<position + count])
        position += count
        return value
    }

    package mutating func blobs() -> [[UInt8]] {
        let count = self.count(ofItemsOfAtLeast: 4)
        var values: [[UInt8]] = []
        for _ in 0..<count where !failed { values.append(blob()) }
        return values
    }

    /// A number of items, refused when the rest could not hold so many of that size: no allocation by a lie.
    package mutating func count(ofItemsOfAtLeast size: Int) -> Int {
        let count = Int(u32())
        guard !failed, count <= (bytes.count - position) / size else {
            failed = true
            return 0
        }
        return count
    }

    /// Ends a message whose rest is raw bytes: gives where they start.
    package mutating func rest() -> Int {
        let start = position
        position = bytes.count
        return start
    }

    private mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(_: Value.Type) -> Value {
        let size = Value.bitWidth / 8
        guard !failed, size <= bytes.count - position else {
            failed = true
            return 0
        }
        var value: Value = 0
        for index in 0..<size { value |= Value(truncatingIfNeeded: bytes[position + index]) << (8 * index) }
        position += size
        return value
    }
}
