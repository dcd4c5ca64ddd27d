// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Writes JSON values as block style YAML.
struct YAMLEmitter {
    var output = ""

    mutating func document(_ value: JSONValue) {
        switch value {
        case .object(let object) where !object.isEmpty: mapping(object, indent: 0)
        case .array(let elements) where !elements.isEmpty: sequence(elements, indent: 0)
        default:
            output += scalar(value, indent: 0)
            output += "\n"
        }
    }

    private mutating func mapping(_ object: JSONObject, indent: Int, continuesLine: Bool = false) {
        for (index, member) in object.members.enumerated() {
            if index > 0 || !continuesLine { output += spaces(indent) }
            output += word(member.key) + ":"
            switch member.value {
            case .object(let inner) where !inner.isEmpty:
                output += "\n"
                mapping(inner, indent: indent + 2)
            // A list stands at the level of its key, as Kubernetes' own tools print it.
            case .array(let elements) where !elements.isEmpty:
                output += "\n"
                sequence(elements, indent: indent)
            default: output += " " + scalar(member.value, indent: indent + 2) + "\n"
            }
        }
    }

    private mutating func sequence(_ elements: [JSONValue], indent: Int, continuesLine: Bool = false) {
        for (index, element) in elements.enumerated() {
            if index > 0 || !continuesLine { output += spaces(indent) }
            output += "- "
            switch element {
            case .object(let inner) where !inner.isEmpty: mapping(inner, indent: indent + 2, continuesLine: true)
            case .array(let inner) where !inner.isEmpty: sequence(inner, indent: indent + 2, continuesLine: true)
            default: output += scalar(element, indent: indent + 2) + "\n"
            }
        }
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

    private func scalar(_ value: JSONValue, indent: Int) -> String {
        switch value {
        case .array: "[]"
        case .object: "{}"
        case .string(let text): block(text, indent: indent) ?? word(text)
        default: value.jsonText
        }
    }

    /// Text of several lines as a literal block, if it survives that.
    private func block(_ text: String, indent: Int) -> String? {
        guard indent > 0, text.utf8.contains(UInt8(ascii: "\n")) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // A first line that is empty or starts with a space would need an indentation mark; tabs and other control
        // characters read badly or not at all. Such texts are quoted instead.
        guard let first = lines.first, let start = first.unicodeScalars.first, start != " ",
            text.unicodeScalars.allSatisfy({ $0 == "\n" || Self.isPrintable($0) })
        else { return nil }
        let endsInNewline = lines.last?.isEmpty ?? false
        let body = endsInNewline ? lines.dropLast() : lines[...]
        guard let last = body.last, !last.isEmpty else { return nil }
        let prefix = spaces(indent)
        return (endsInNewline ? "|" : "|-") + "\n"
            + body.map { $0.isEmpty ? "" : prefix + $0 }.joined(separator: "\n")
    }

    /// A key or a string on one line: plain when nothing can take it for something else, else in double quotes.
    private func word(_ text: String) -> String {
        isSafePlain(text) ? text : quoted(text)
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case let scalar where Self.isPrintable(scalar): result.unicodeScalars.append(scalar)
            default:
                // Every scalar that is not printable lies below U+10000.
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            }
        }
        return result + "\""
    }

    private func isSafePlain(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last, text.utf8.count <= 256,
            YAMLScalar.resolve(text) == .string, text != "<<", text != "=", !text.hasPrefix("---"),
            !text.hasPrefix("...")
        else { return false }
        // Dates and base 60 numbers mean something to other YAML 1.1 readers, so what starts like a number is quoted
        // unless it is a name or a version.
        if ("0"..."9").contains(first) || first == "+" || first == "." {
            guard text.unicodeScalars.contains(where: { ("a"..."z").contains($0) || ("A"..."Z").contains($0) }),
                !text.utf8.contains(UInt8(ascii: ":"))
            else { return false }
        }
        guard first != "-", first != "?", last != ":", !"!&*[]{}|>@`\"'%#,= ".unicodeScalars.contains(first),
            last != " "
        else { return false }
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            guard Self.isPrintable(scalar), !(previous == ":" && scalar == " "), !(previous == " " && scalar == "#")
            else { return false }
            previous = scalar
        }
        return true
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}
