// SPDX-License-Identifier: Apache-2.0

extension Starlark {
    /// The module `json`: `decode`, `encode`, `encode_indent` and `indent`.
    package static func jsonModule() -> StarlarkModule {
        StarlarkModule(
            "json",
            [
                "decode": .object(Builtin("json.decode") { _, arguments in try JSONModule.decode(arguments) }),
                "encode": .object(Builtin("json.encode") { _, arguments in try JSONModule.encode(arguments) }),
                "encode_indent": .object(
                    Builtin("json.encode_indent") { _, arguments in try JSONModule.encodeIndented(arguments) }),
                "indent": .object(Builtin("json.indent") { _, arguments in try JSONModule.indent(arguments) }),
            ])
    }
}

/// The functions of the module `json`.
private enum JSONModule {
    static func decode(_ arguments: Arguments) throws -> Value {
        // `x` can only be given by position.
        if arguments.keywords.contains(where: { $0.name == "x" }) {
            throw StarlarkError("json.decode: unexpected keyword argument x")
        }
        let values = try arguments.unpack("json.decode", "x", "default?")
        let text = try (values[0] ?? .none).string("json.decode", "x")
        do {
            return try JSONDecoder.decode(text.bytes)
        } catch {
            if let fallback = values[1] { return fallback }
            throw StarlarkError("json.decode: at offset \(error.offset), \(error.message)")
        }
    }

    static func encode(_ arguments: Arguments) throws -> Value {
        let value = try arguments.unpackPositional("json.encode", min: 1, max: 1)[0] ?? .none
        return StringMethods.text(try JSONEncoder.encode(value, function: "json.encode"))
    }

    static func encodeIndented(_ arguments: Arguments) throws -> Value {
        let value =
            try Arguments(positional: arguments.positional)
            .unpackPositional("json.encode_indent", min: 1, max: 1)[0] ?? .none
        let (prefix, indent) = try layout(arguments.keywords, "json.encode_indent")
        let text = try JSONEncoder.encode(value, function: "json.encode_indent")
        return StringMethods.text(reformat(text, prefix: prefix, indent: indent))
    }

    static func indent(_ arguments: Arguments) throws -> Value {
        let value =
            try Arguments(positional: arguments.positional)
            .unpackPositional("json.indent", min: 1, max: 1)[0] ?? .none
        let (prefix, indent) = try layout(arguments.keywords, "json.indent")
        let text = try value.string("json.indent", "str").bytes
        do {
            _ = try JSONDecoder.decode(text)
        } catch {
            throw StarlarkError("json.indent: invalid character at offset \(error.offset): \(error.message)")
        }
        return StringMethods.text(reformat(text, prefix: prefix, indent: indent))
    }

    private static func layout(
        _ keywords: [(name: String, value: Value)], _ function: String
    ) throws -> (prefix: [UInt8], indent: [UInt8]) {
        let values = try Arguments(keywords: keywords).unpack(function, "prefix?", "indent?")
        let prefix = try values[0]?.string(function, "prefix").bytes ?? []
        return (prefix, try values[1]?.string(function, "indent").bytes ?? [UInt8(ascii: "\t")])
    }

    /// Puts each element of valid JSON on a line of its own.
    private static func reformat(_ text: [UInt8], prefix: [UInt8], indent: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var depth = 0
        var inString = false
        var escaped = false
        /// Whether a bracket was just opened: what follows may close it at once.
        var justOpened = false
        func newline() {
            result.append(UInt8(ascii: "\n"))
            result += prefix
            for _ in 0..<depth { result += indent }
        }
        for byte in text {
            if inString {
                result.append(byte)
                inString = escaped || byte != UInt8(ascii: "\"")
                escaped = !escaped && byte == UInt8(ascii: "\\")
                continue
            }
            if JSONDecoder.isSpace(byte) { continue }
            let closes = byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
            if justOpened && !closes {
                depth += 1
                newline()
            } else if closes && !justOpened {
                depth -= 1
                newline()
            }
            justOpened = false
            result.append(byte)
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"): justOpened = true
            case UInt8(ascii: ","): newline()
            case UInt8(ascii: ":"): result.append(UInt8(ascii: " "))
            case UInt8(ascii: "\""): inString = true
            default: break
            }
        }
        return result
    }
}
