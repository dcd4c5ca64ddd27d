// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Writes a message of protocol buffers, version 3: fields that have their zero value are left out.
package struct ProtobufWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func text(_ field: UInt64, _ text: String) {
        if !text.isEmpty { message(field, Array(text.utf8)) }
    }

    /// A negative number is written with all of its 64 bits, as `int32` and `int64` are.
    package mutating func number(_ field: UInt64, _ number: Int64) {
        guard number != 0 else { return }
        varint(field << 3)
        varint(UInt64(bitPattern: number))
    }

    /// A message inside this one, which is there even if it is empty.
    package mutating func message(_ field: UInt64, _ inner: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(inner.count))
        bytes += inner
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest > 0x7f {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// Reads a message of protocol buffers field by field, in the order in which they come.
package struct ProtobufReader {
    package enum Value: Hashable, Sendable {
        case number(UInt64)
        /// Text, bytes or a message.
        case bytes([UInt8])
        /// A fixed width number, which none of our messages has.
        case other
    }

    private let bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next field, `nil` at the end. Throws for what is no message.
    package mutating func next() throws(DomainError) -> (field: UInt64, value: Value)? {
        guard position < bytes.count else { return nil }
        let key = try varint()
        guard key >> 3 != 0 else { throw malformed }
        switch key & 7 {
        case 0: return (key >> 3, .number(try varint()))
        case 1: return (key >> 3, try skip(8))
        case 2:
            let count = try varint()
            guard count <= UInt64(bytes.count - position) else { throw malformed }
            let end = position + Int(count)
            defer { position = end }
            return (key >> 3, .bytes(Array(bytes[position..<end])))
        case 5: return (key >> 3, try skip(4))
        default: throw malformed
        }
    }

    private mutating func skip(_ count: Int) throws(DomainError) -> Value {
        guard bytes.count - position >= count else { throw malformed }
        position += count
        return .other
    }

    private mutating func varint() throws(DomainError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        throw malformed
    }

    private var malformed: DomainError { DomainError("malformed message") }
}
