// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// The value as one line of JSON, keys in their order.
    package var jsonText: String { String(decoding: jsonBytes, as: UTF8.self) }

    /// The value as UTF-8 bytes of one line of JSON, without a newline.
    package var jsonBytes: [UInt8] {
        var writer = JSONWriter(indentation: nil)
        writer.write(self, level: 0)
        return writer.output
    }

    /// The value over several lines, indented by two spaces, for people.
    package var prettyText: String {
        var writer = JSONWriter(indentation: 2)
        writer.write(self, level: 0)
        return String(decoding: writer.output, as: UTF8.self)
    }
}

struct JSONWriter {
    let indentation: Int?
    var output: [UInt8] = []

    mutating func write(_ value: JSONValue, level: Int) {
        switch value {
        case .null: output += "null".utf8
        case .bool(let bool): output += (bool ? "true" : "false").utf8
        case .int(let int): output += String(int).utf8
        // JSON has no infinities or NaN; null is what readers expect in their place.
        case .double(let double): output += (double.isFinite ? String(double) : "null").utf8
        case .string(let string): write(string)
        case .array(let elements):
            list("[", "]", elements, level: level) { $0.write($1, level: level + 1) }
        case .object(let object):
            list("{", "}", object.members, level: level) { writer, member in
                writer.write(member.key)
                writer.output += (writer.indentation == nil ? ":" : ": ").utf8
                writer.write(member.value, level: level + 1)
            }
        }
    }

    private mutating func list<Element>(
        _ open: String, _ close: String, _ elements: [Element], level: Int,
        _ body: (inout JSONWriter, Element) -> Void
    ) {
        output += open.utf8
        for (index, element) in elements.enumerated() {
            if index > 0 { output += ",".utf8 }
            newline(level + 1)
            body(&self, element)
        }
        if !elements.isEmpty { newline(level) }
        output += close.utf8
    }

    private mutating func newline(_ level: Int) {
        guard let indentation else { return }
        output.append(0x0A)
        output += repeatElement(0x20, count: indentation * level)
    }

    private mutating func write(_ string: String) {
        output.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output += "\\\"".utf8
            case UInt8(ascii: "\\"): output += "\\\\".utf8
            case 0x0A: output += "\\n".utf8
            case 0x0D: output += "\\r".utf8
            case 0x09: output += "\\t".utf8
            case 0..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                output += "\\u".utf8
                output += repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count)
                output += digits.utf8
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
