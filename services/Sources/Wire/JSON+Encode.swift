// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// Compact JSON as Go's encoder writes it, without the line end.
    package var text: String {
        var out: [UInt8] = []
        write(to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    private func write(to out: inout [UInt8]) {
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let digits): out.append(contentsOf: digits.utf8)
        case .string(let text): JSON.write(text, to: &out)
        case .array(let items):
            out.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                item.write(to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                JSON.write(member.key, to: &out)
                out.append(UInt8(ascii: ":"))
                member.value.write(to: &out)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    /// Go's escaping: besides what JSON asks for, also `<`, `>`, `&` and the two line separators of Unicode,
    /// so that the text may stand inside HTML and JavaScript. What needs none is copied in whole pieces.
    private static func write(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { bytes in
            var (start, index) = (0, 0)
            while index < bytes.count {
                let separator = lineSeparator(bytes, at: index)
                guard let escape = separator ?? escape(bytes[index]) else {
                    index += 1
                    continue
                }
                out.append(contentsOf: bytes[start..<index])
                out.append(contentsOf: escape.utf8)
                index += separator == nil ? 1 : 3
                start = index
            }
            out.append(contentsOf: bytes[start...])
        }
        out.append(UInt8(ascii: "\""))
    }

    private static func escape(_ byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "\""): return #"\""#
        case UInt8(ascii: "\\"): return #"\\"#
        case UInt8(ascii: "\n"): return #"\n"#
        case UInt8(ascii: "\r"): return #"\r"#
        case UInt8(ascii: "\t"): return #"\t"#
        case 0..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
            let digits = String(byte, radix: 16)
            return #"\u00"# + (digits.utf8.count == 1 ? "0" : "") + digits
        default: return nil
        }
    }

    /// The escape of U+2028 or U+2029, which are three bytes.
    private static func lineSeparator(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> String? {
        guard bytes[index] == 0xE2, index + 2 < bytes.count, bytes[index + 1] == 0x80 else { return nil }
        switch bytes[index + 2] {
        case 0xA8: return #"\u2028"#
        case 0xA9: return #"\u2029"#
        default: return nil
        }
    }
}
