// SPDX-License-Identifier: Apache-2.0

/// Writes values as text. Remembers the containers that it is inside of, since a list may contain itself.
struct ReprWriter {
    private(set) var bytes: [UInt8] = []
    private var path: [ObjectIdentifier] = []

    /// Deeper data is cut off with `...`: writing descends by recursion.
    static let maxDepth = 300

    mutating func write(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    mutating func write(bytes new: [UInt8]) {
        bytes.append(contentsOf: new)
    }

    mutating func write(_ value: Value) {
        switch value {
        case .none: write("None")
        case .bool(let value): write(value ? "True" : "False")
        case .int(let value): write(String(value))
        case .float(let value): write(FloatFormat.general(value))
        case .object(let object): object.write(to: &self)
        }
    }

    /// Writes the elements of a container between brackets, or `...` when it is inside itself.
    mutating func write(
        container: StarlarkObject, open: String, close: String, _ body: (inout ReprWriter) -> Void
    ) {
        let id = ObjectIdentifier(container)
        write(open)
        if path.contains(id) || path.count >= Self.maxDepth {
            write("...")
        } else {
            path.append(id)
            body(&self)
            path.removeLast()
        }
        write(close)
    }

    mutating func write(elements: [Value]) {
        for (index, element) in elements.enumerated() {
            if index > 0 { write(", ") }
            write(element)
        }
    }

    /// Writes a string or bytes literal.
    mutating func write(quoted text: [UInt8], prefix: String = "") {
        write(prefix)
        bytes.append(UInt8(ascii: "\""))
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte < 0x80 {
                writeEscaped(ascii: byte)
                index += 1
                continue
            }
            let (scalar, width) = UTF8Text.decode(text, at: index)
            if let scalar {
                if UTF8Text.isPrintable(scalar) {
                    bytes.append(contentsOf: text[index..<index + width])
                } else if scalar.value < 0x10000 {
                    write("\\u" + hex(scalar.value, width: 4))
                } else {
                    write("\\U" + hex(scalar.value, width: 8))
                }
            } else {
                // No literal can say this in a string, but nothing else would show the byte.
                write("\\x" + hex(UInt32(byte), width: 2))
            }
            index += width
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func writeEscaped(ascii byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0x07: write("\\a")
        case 0x08: write("\\b")
        case 0x0C: write("\\f")
        case 0x0A: write("\\n")
        case 0x0D: write("\\r")
        case 0x09: write("\\t")
        case 0x0B: write("\\v")
        case 0x00..<0x20, 0x7F: write("\\x" + hex(UInt32(byte), width: 2))
        default: bytes.append(byte)
        }
    }
}
