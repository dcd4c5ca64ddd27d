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
