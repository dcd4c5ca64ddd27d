// SPDX-License-Identifier: Apache-2.0

extension StringMethods {
    static var splits: [Method] {
        [
            method("split") { text, arguments in try split(text, arguments, "split", fromRight: false) },
            method("rsplit") { text, arguments in try split(text, arguments, "rsplit", fromRight: true) },
            method("splitlines") { text, arguments in
                let given = try arguments.unpackPositional("splitlines", min: 0, max: 1)[0]
                let keep = try given?.bool("splitlines", "keepends") ?? false
                return .list(lines(text, keepEnds: keep).map { Self.text($0) })
            },
            method("partition") { text, arguments in
                let part = try separator(arguments, "partition")
                guard let place = ByteSearch.first(of: part, in: text[...]) else {
                    return .tuple([Self.text(text), Self.text([]), Self.text([])])
                }
                return partition(text, part, at: place)
            },
            method("rpartition") { text, arguments in
                let part = try separator(arguments, "rpartition")
                guard let place = ByteSearch.last(of: part, in: text[...]) else {
                    return .tuple([Self.text([]), Self.text([]), Self.text(text)])
                }
                return partition(text, part, at: place)
            },
        ]
    }

    private static func separator(_ arguments: Arguments, _ function: String) throws -> [UInt8] {
        let part = try string(arguments.unpackPositional(function, min: 1, max: 1)[0], function, 1)
        guard !part.isEmpty else { throw StarlarkError("\(function): empty separator") }
        return part
    }

    private static func partition(_ text: [UInt8], _ part: [UInt8], at place: Int) -> Value {
        .tuple([Self.text(text[..<place]), Self.text(part), Self.text(text[(place + part.count)...])])
    }

    private static func lines(_ text: [UInt8], keepEnds: Bool) -> [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = []
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: 0x0A) ?? text.count
            result.append(text[start..<min(keepEnds ? end + 1 : end, text.count)])
            start = end + 1
        }
        return result
    }

    private static func split(
        _ text: [UInt8], _ arguments: Arguments, _ function: String, fromRight: Bool
    ) throws -> Value {
        let values = try arguments.unpackPositional(function, min: 0, max: 2)
        var limit = Int.max
        if let given = values[1], !given.isNone {
            let count = try given.int(function, "maxsplit")
            if count >= 0 { limit = count }
        }
        let parts: [ArraySlice<UInt8>]
        if let given = values[0], !given.isNone {
            guard let part = given.stringObject?.bytes else {
                throw StarlarkError("\(function): got \(given.typeName) for separator, want string")
            }
            guard !part.isEmpty else { throw StarlarkError("\(function): empty separator") }
            parts = fromRight ? splitRight(text, part, limit) : splitLeft(text, part, limit)
        } else {
            parts = fromRight ? fieldsRight(text, limit) : fieldsLeft(text, limit)
        }
        return .list(parts.map { Self.text($0) })
    }

    private static func splitLeft(_ text: [UInt8], _ part: [UInt8], _ limit: Int) -> [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = []
        var rest = text[...]
        while result.count < limit, let place = ByteSearch.first(of: part, in: rest) {
            result.append(rest[..<place])
            rest = rest[(place + part.count)...]
        }
        return result + [rest]
    }

    private static func splitRight(_ text: [UInt8], _ part: [UInt8], _ limit: Int) -> [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = []
        var rest = text[...]
        while result.count < limit, let place = ByteSearch.last(of: part, in: rest) {
            result.append(rest[(place + part.count)...])
            rest = rest[..<place]
        }
        return [rest] + result.reversed()
    }

    /// The ranges of white space, code point by code point.
    private static func spaces(_ text: [UInt8]) -> [Bool] {
        var result = [Bool](repeating: false, count: text.count)
        for (scalar, range, valid) in UTF8Text.scalars(text) where valid && scalar.properties.isWhitespace {
            for index in range { result[index] = true }
        }
        return result
    }

    private static func fieldsLeft(_ text: [UInt8], _ limit: Int) -> [ArraySlice<UInt8>] {
        let isSpace = spaces(text)
        var result: [ArraySlice<UInt8>] = []
        var index = 0
        while true {
            while index < text.count && isSpace[index] { index += 1 }
            if index == text.count { return result }
            if result.count == limit { return result + [text[index...]] }
            let start = index
            while index < text.count && !isSpace[index] { index += 1 }
            result.append(text[start..<index])
        }
    }

    private static func fieldsRight(_ text: [UInt8], _ limit: Int) -> [ArraySlice<UInt8>] {
        let isSpace = spaces(text)
        var result: [ArraySlice<UInt8>] = []
        var end = text.count
        while true {
            while end > 0 && isSpace[end - 1] { end -= 1 }
            if end == 0 { return result.reversed() }
            if result.count == limit { return [text[..<end]] + result.reversed() }
            let stop = end
            while end > 0 && !isSpace[end - 1] { end -= 1 }
            result.append(text[end..<stop])
        }
    }

    static var joins: [Method] {
        [
            method("join") { text, arguments in
                let value = try arguments.unpackPositional("join", min: 1, max: 1)[0] ?? .none
                var result: [UInt8] = []
                for (index, element) in try value.iterable("join", "iterable").enumerated() {
                    if index > 0 { result += text }
                    guard let part = element.stringObject else {
                        throw StarlarkError("join: in list, want string, got \(element.typeName)")
                    }
                    result += part.bytes
                }
                return Self.text(result)
            },
            method("format") { text, arguments in Self.text(try BraceFormat.format(text, arguments)) },
        ]
    }
}
