// SPDX-License-Identifier: Apache-2.0

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
