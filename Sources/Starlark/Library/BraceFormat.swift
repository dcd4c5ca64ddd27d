// SPDX-License-Identifier: Apache-2.0

/// `str.format`.
enum BraceFormat {
    /// Replaces the fields of `format` by the arguments.
    static func format(_ format: [UInt8], _ arguments: Arguments) throws -> [UInt8] {
        var result: [UInt8] = []
        var rest = format[...]
        var numbering = Numbering()
        let open = UInt8(ascii: "{")
        let close = UInt8(ascii: "}")
        while true {
            let next = rest.firstIndex(of: open)
            try appendLiteral(rest[..<(next ?? rest.endIndex)], to: &result)
            guard let next else { return result }
            rest = rest[(next + 1)...]
            if rest.first == open {
                result.append(open)
                rest = rest.dropFirst()
                continue
            }
            guard let end = rest.firstIndex(of: close) else { throw StarlarkError("unmatched '{' in format") }
            try append(field: rest[..<end], arguments, &numbering, to: &result)
            rest = rest[(end + 1)...]
        }
    }

    /// Fields are numbered by position or by hand, not both.
    private struct Numbering {
        var next = 0
        var isAutomatic = false
        var isManual = false
    }

    /// Text between fields, in which `}}` stands for one brace.
    private static func appendLiteral(_ literal: ArraySlice<UInt8>, to result: inout [UInt8]) throws {
        var rest = literal
        while let brace = rest.firstIndex(of: UInt8(ascii: "}")) {
            guard brace + 1 < rest.endIndex, rest[brace + 1] == UInt8(ascii: "}") else {
                throw StarlarkError("single '}' in format")
            }
            result += rest[...brace]
            rest = rest[(brace + 2)...]
        }
        result += rest
    }

    /// One field: `name`, `name!conversion`, either with `:spec`, which is not supported.
    private static func append(
        field: ArraySlice<UInt8>, _ arguments: Arguments, _ numbering: inout Numbering, to result: inout [UInt8]
    ) throws {
        var name = field
        var conversion = Array("s".utf8)[...]
        var spec = field[field.endIndex...]
        func split(_ text: ArraySlice<UInt8>, _ at: Unicode.Scalar) -> (ArraySlice<UInt8>, ArraySlice<UInt8>?) {
            guard let place = text.firstIndex(of: UInt8(ascii: at)) else { return (text, nil) }
            return (text[..<place], text[(place + 1)...])
        }
        let (beforeMark, afterMark) = split(field, "!")
        if let afterMark {
            name = beforeMark
            let parts = split(afterMark, ":")
            conversion = parts.0
            spec = parts.1 ?? spec
        } else {
            let parts = split(field, ":")
            name = parts.0
            spec = parts.1 ?? spec
        }
        let value = try argument(String(decoding: name, as: UTF8.self), arguments, &numbering)
        guard spec.isEmpty else {
            throw StarlarkError(
                "format spec features not supported in replacement fields: \(String(decoding: spec, as: UTF8.self))")
        }
        switch String(decoding: conversion, as: UTF8.self) {
        case "s": result += value.strBytes()
        case "r": result += value.reprBytes()
        case let other: throw StarlarkError("unknown conversion \(Value.string(other).repr())")
        }
    }

    private static func argument(
        _ name: String, _ arguments: Arguments, _ numbering: inout Numbering
    ) throws -> Value {
        let index: Int
        if name.isEmpty {
            if numbering.isManual {
                throw StarlarkError("cannot switch from manual field specification to automatic field numbering")
            }
            numbering.isAutomatic = true
            index = numbering.next
            numbering.next += 1
        } else if name.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) {
            if numbering.isAutomatic {
                throw StarlarkError("cannot switch from automatic field numbering to manual field specification")
            }
            numbering.isManual = true
            index = Int(name) ?? Int.max
        } else {
            if let value = arguments.keywords.first(where: { $0.name == name })?.value { return value }
            if name.contains(".") {
                throw StarlarkError("attribute syntax x.y is not supported in replacement fields: \(name)")
            }
            if name.contains("[") {
                throw StarlarkError("element syntax a[i] is not supported in replacement fields: \(name)")
            }
            if name.contains("{") { throw StarlarkError("nested replacement fields not supported") }
            throw StarlarkError("keyword \(name) not found")
        }
        guard index < arguments.positional.count else { throw StarlarkError("tuple index out of range") }
        return arguments.positional[index]
    }
}
