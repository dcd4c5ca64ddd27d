// SPDX-License-Identifier: Apache-2.0

/// What `s.elems()` and `s.elem_ords()` give: the bytes of a string, as strings of one byte or as numbers.
final class StringElems: StarlarkObject {
    private let string: StarlarkString
    private let ords: Bool

    init(_ string: StarlarkString, ords: Bool) {
        self.string = string
        self.ords = ords
        super.init(kind: .stringElems)
    }

    override var typeName: String { "string.elems" }
    override var truth: Bool { string.truth }
    override var length: Int? { string.bytes.count }

    override func write(to writer: inout ReprWriter) {
        string.write(to: &writer)
        writer.write(ords ? ".elem_ords()" : ".elems()")
    }

    override func element(at index: Int) -> Value? {
        ords ? .int(Int(string.bytes[index])) : string.element(at: index)
    }

    override func makeIterator() -> StarlarkIterator? { IndexIterator(self, count: string.bytes.count) }
}

/// What `s.codepoints()` and `s.codepoint_ords()` give: the code points of a string, as strings or as numbers.
final class StringCodepoints: StarlarkObject {
    private let string: StarlarkString
    private let ords: Bool

    init(_ string: StarlarkString, ords: Bool) {
        self.string = string
        self.ords = ords
        super.init(kind: .stringCodepoints)
    }

    override var typeName: String { "string.codepoints" }
    override var truth: Bool { string.truth }

    override func write(to writer: inout ReprWriter) {
        string.write(to: &writer)
        writer.write(ords ? ".codepoint_ords()" : ".codepoints()")
    }

    override func makeIterator() -> StarlarkIterator? {
        let bytes = string.bytes
        let ords = ords
        var index = 0
        return ClosureIterator {
            guard index < bytes.count else { return nil }
            let (scalar, width) = UTF8Text.decode(bytes, at: index)
            index += width
            let known = scalar ?? UTF8Text.replacement
            return ords ? .int(Int(known.value)) : .object(StarlarkString(bytes: UTF8Text.encode(known)))
        }
    }
}

/// What `b.elems()` gives: the bytes of a bytes value as numbers.
final class BytesElems: StarlarkObject {
    private let bytes: StarlarkBytes

    init(_ bytes: StarlarkBytes) {
        self.bytes = bytes
        super.init(kind: .bytesElems)
    }

    override var typeName: String { "bytes.elems" }
    override var truth: Bool { bytes.truth }
    override var length: Int? { bytes.bytes.count }

    override func write(to writer: inout ReprWriter) {
        bytes.write(to: &writer)
        writer.write(".elems()")
    }

    override func element(at index: Int) -> Value? { .int(Int(bytes.bytes[index])) }
    override func makeIterator() -> StarlarkIterator? { IndexIterator(self, count: bytes.bytes.count) }
}
