// SPDX-License-Identifier: Apache-2.0

/// Builds the payload of a frame: little-endian numbers, and blobs with their length before them.
package struct ByteWriter: Sendable {
    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func u8(_ value: UInt8) { bytes.append(value) }

    package mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

    package mutating func u16(_ value: UInt16) { integer(value) }

    package mutating func u32(_ value: UInt32) { integer(value) }

    package mutating func u64(_ value: UInt64) { integer(value) }

    package mutating func i32(_ value: Int32) { integer(UInt32(bitPattern: value)) }

    /// Length as 32 bits, then the bytes.
    package mutating func blob(_ value: [UInt8]) {
        u32(UInt32(truncatingIfNeeded: value.count))
        bytes.append(contentsOf: value)
    }

    /// Number of blobs as 32 bits, then each.
    package mutating func blobs(_ values: [[UInt8]]) {
        u32(UInt32(truncatingIfNeeded: values.count))
        for value in values { blob(value) }
    }

    /// The bytes as they are, without a length.
    package mutating func raw(_ value: UnsafeRawBufferPointer) { bytes.append(contentsOf: value) }

    private mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) {
        var rest = value
        for _ in 0..<(Value.bitWidth / 8) {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
