// SPDX-License-Identifier: Apache-2.0

/// A string: an immutable sequence of bytes, UTF-8 by convention, but any bytes can occur since slices may cut
/// characters. Swift strings cannot hold that, and they compare by canonical equivalence, so they serve at the edges only.
package final class StarlarkString: StarlarkObject {
    /// The bytes of the text.
    package let bytes: [UInt8]
    private var cachedHash = 0

    /// Makes a string with the UTF-8 of `text`.
    package convenience init(_ text: String) {
        self.init(bytes: Array(text.utf8))
    }

    /// Makes a string of these bytes, which should be UTF-8.
    package convenience init(utf8 bytes: some Sequence<UInt8>) {
        self.init(bytes: Array(bytes))
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
        super.init(kind: .string)
    }

    /// The text; bytes that are no UTF-8 become U+FFFD.
    package var string: String { String(decoding: bytes, as: UTF8.self) }

    package override var typeName: String { "string" }
    package override var truth: Bool { !bytes.isEmpty }
    package override var length: Int? { bytes.count }

    override func write(to writer: inout ReprWriter) { writer.write(quoted: bytes) }
    override func strBytes() -> [UInt8]? { bytes }

    /// The hash, computed once; never 0.
    var hashCode: Int {
        if cachedHash == 0 { cachedHash = ByteHash.hash(bytes) }
        return cachedHash
    }

    override func hash(depth: Int) throws -> Int { hashCode }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        isEqual(toString: unsafeDowncast(other, to: StarlarkString.self))
    }

    func isEqual(toString other: StarlarkString) -> Bool {
        if self === other { return true }
        if cachedHash != 0 && other.cachedHash != 0 && cachedHash != other.cachedHash { return false }
        return bytes == other.bytes
    }

    override func compare(_ operation: ComparisonOperator, to other: StarlarkObject, depth: Int) throws -> Bool? {
        operation.holds(ByteHash.order(bytes, unsafeDowncast(other, to: StarlarkString.self).bytes))
    }

    override func element(at index: Int) -> Value? { .object(StarlarkString(bytes: [bytes[index]])) }
}

/// A sequence of bytes that are not text.
package final class StarlarkBytes: StarlarkObject {
    /// The bytes.
    package let bytes: [UInt8]

    /// Makes a value of these bytes.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        super.init(kind: .bytes)
    }

    package override var typeName: String { "bytes" }
    package override var truth: Bool { !bytes.isEmpty }
    package override var length: Int? { bytes.count }

    override func write(to writer: inout ReprWriter) { writer.write(quoted: bytes, prefix: "b") }
    override func strBytes() -> [UInt8]? { UTF8Text.repaired(bytes) }
    override func hash(depth: Int) throws -> Int { ByteHash.hash(bytes) ^ 0x5bd1e995 }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        bytes == unsafeDowncast(other, to: StarlarkBytes.self).bytes
    }

    override func compare(_ operation: ComparisonOperator, to other: StarlarkObject, depth: Int) throws -> Bool? {
        operation.holds(ByteHash.order(bytes, unsafeDowncast(other, to: StarlarkBytes.self).bytes))
    }

    override func element(at index: Int) -> Value? { .object(StarlarkBytes([bytes[index]])) }
}

/// Hashes and orders byte arrays.
enum ByteHash {
    /// A hash of the bytes, the same in every run; never 0.
    static func hash(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { buffer in
            var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: buffer.count)
            var offset = 0
            while offset + 8 <= buffer.count {
                hash = mix(hash, buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            var tail: UInt64 = 0
            while offset < buffer.count {
                tail = tail << 8 | UInt64(buffer[offset])
                offset += 1
            }
            let result = Int(truncatingIfNeeded: mix(hash, tail) >> 1)
            return result == 0 ? 1 : result
        }
    }

    /// Scatters the bits of a number.
    static func hash(_ number: Int) -> Int {
        Int(truncatingIfNeeded: mix(0x9E37_79B9_7F4A_7C15, UInt64(bitPattern: Int64(number))) >> 1)
    }

    static func combine(_ hash: Int, _ other: Int) -> Int {
        Int(truncatingIfNeeded: mix(UInt64(truncatingIfNeeded: hash), UInt64(truncatingIfNeeded: other)) >> 1)
    }

    /// One round: a wide multiplication folded in half.
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let factor = 0xE703_7ED1_A0B4_28DB &+ word << 1
        let (high, low) = (hash ^ word ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: factor)
        return high ^ low
    }

    /// The lexicographic order: negative, zero or positive.
    static func order(_ left: [UInt8], _ right: [UInt8]) -> Int {
        let count = min(left.count, right.count)
        for index in 0..<count where left[index] != right[index] {
            return left[index] < right[index] ? -1 : 1
        }
        return left.count - right.count
    }
}
