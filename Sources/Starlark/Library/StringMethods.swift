// SPDX-License-Identifier: Apache-2.0

/// The methods of strings. Positions and lengths are in bytes.
enum StringMethods {
    static var all: [Method] { views + searches + affixes + splits + predicates + cases + joins }

    static func method(
        _ name: String, _ body: @escaping @Sendable ([UInt8], Arguments) throws -> Value
    ) -> Method {
        Method(naming: name) { _, receiver, arguments in
            try body(unsafeDowncast(receiver, to: StarlarkString.self).bytes, arguments)
        }
    }

    static func text(_ bytes: some Sequence<UInt8>) -> Value { .object(StarlarkString(bytes: Array(bytes))) }

    private static var views: [Method] {
        [("elems", false), ("elem_ords", true)].map { name, ords in
            Method(naming: name) { _, receiver, arguments in
                _ = try arguments.unpackPositional(name, min: 0, max: 0)
                return .object(StringElems(unsafeDowncast(receiver, to: StarlarkString.self), ords: ords))
            }
        }
            + [("codepoints", false), ("codepoint_ords", true)].map { name, ords in
                Method(naming: name) { _, receiver, arguments in
                    _ = try arguments.unpackPositional(name, min: 0, max: 0)
                    return .object(StringCodepoints(unsafeDowncast(receiver, to: StarlarkString.self), ords: ords))
                }
            }
    }

    private static var searches: [Method] {
        [
            method("count") { text, arguments in
                let (part, range) = try part(of: text, arguments, "count")
                return .int(count(part, in: text[range]))
            },
            method("find") { text, arguments in
                let (part, range) = try part(of: text, arguments, "find")
                return .int(ByteSearch.first(of: part, in: text[range]) ?? -1)
            },
            method("rfind") { text, arguments in
                let (part, range) = try part(of: text, arguments, "rfind")
                return .int(ByteSearch.last(of: part, in: text[range]) ?? -1)
            },
            method("index") { text, arguments in
                let (part, range) = try part(of: text, arguments, "index")
                guard let place = ByteSearch.first(of: part, in: text[range]) else {
                    throw StarlarkError("substring not found")
                }
                return .int(place)
            },
            method("rindex") { text, arguments in
                let (part, range) = try part(of: text, arguments, "rindex")
                guard let place = ByteSearch.last(of: part, in: text[range]) else {
                    throw StarlarkError("substring not found")
                }
                return .int(place)
            },
            method("replace") { text, arguments in
                let values = try arguments.unpack("replace", "old", "new", "count?")
                let old = try (values[0] ?? .none).string("replace", "old").bytes
                let new = try (values[1] ?? .none).string("replace", "new").bytes
                let limit = try values[2]?.int("replace", "count") ?? -1
                return Self.text(replace(old, by: new, in: text, limit: limit < 0 ? Int.max : limit))
            },
        ]
    }

    /// The argument `sub` and the range that optional bounds leave.
    private static func part(
        of text: [UInt8], _ arguments: Arguments, _ function: String
    ) throws -> (part: [UInt8], range: Range<Int>) {
        let values = try arguments.unpackPositional(function, min: 1, max: 3)
        let part = try string(values[0], function, 1)
        let (start, end) = try Bounds.clamp(values[1], values[2], count: text.count, function: function)
        return (part, start..<end)
    }

    static func string(_ value: Value?, _ function: String, _ number: Int) throws -> [UInt8] {
        guard let string = value?.stringObject else {
            let got = value?.typeName ?? "nothing"
            throw StarlarkError("\(function): for parameter \(number): got \(got), want string")
        }
        return string.bytes
    }

    private static func count(_ part: [UInt8], in text: ArraySlice<UInt8>) -> Int {
        // An empty part occurs around every character.
        if part.isEmpty { return UTF8Text.scalars(Array(text)).count + 1 }
        var total = 0
        var rest = text
        while let place = ByteSearch.first(of: part, in: rest) {
            total += 1
            rest = rest[(place + part.count)...]
        }
        return total
    }

    private static func replace(_ old: [UInt8], by new: [UInt8], in text: [UInt8], limit: Int) -> [UInt8] {
        var result: [UInt8] = []
        var replaced = 0
        if old.isEmpty {
            for (_, range, _) in UTF8Text.scalars(text) {
                if replaced < limit { result += new }
                replaced += 1
                result += text[range]
            }
            if replaced < limit { result += new }
            return result
        }
        var rest = text[...]
        while replaced < limit, let place = ByteSearch.first(of: old, in: rest) {
            result += rest[..<place]
            result += new
            rest = rest[(place + old.count)...]
            replaced += 1
        }
        return result + rest
    }

    private static var affixes: [Method] {
        [
            Method("startswith", 1...3) { text, values in
                try hasAffix(text, values, "startswith") { ByteSearch.begins($0, with: $1) }
            },
            Method("endswith", 1...3) { text, values in
                try hasAffix(text, values, "endswith") { ByteSearch.ends($0, with: $1) }
            },
            method("removeprefix") { text, arguments in
                let affix = try string(arguments.unpackPositional("removeprefix", min: 1, max: 1)[0], "removeprefix", 1)
                return Self.text(text.starts(with: affix) ? text[affix.count...] : text[...])
            },
            method("removesuffix") { text, arguments in
                let affix = try string(arguments.unpackPositional("removesuffix", min: 1, max: 1)[0], "removesuffix", 1)
                let has = text.suffix(affix.count).elementsEqual(affix)
                return Self.text(has ? text[..<(text.count - affix.count)] : text[...])
            },
            method("strip") { text, arguments in try strip(text, arguments, "strip", left: true, right: true) },
            method("lstrip") { text, arguments in try strip(text, arguments, "lstrip", left: true, right: false) },
            method("rstrip") { text, arguments in try strip(text, arguments, "rstrip", left: false, right: true) },
        ]
    }

    private static func hasAffix(
        _ receiver: StarlarkObject, _ values: Operands, _ function: String,
        _ test: (ArraySlice<UInt8>, [UInt8]) -> Bool
    ) throws -> Value {
        let text = unsafeDowncast(receiver, to: StarlarkString.self).bytes
        let (start, end) = try Bounds.clamp(values[1], values[2], count: text.count, function: function)
        let part = text[start..<end]
        if let tuple = values[0]?.tupleObject {
            for (index, element) in tuple.elements.enumerated() {
                guard let affix = element.stringObject else {
                    throw StarlarkError(
                        "\(function): want string, got \(element.typeName), for element \(index)")
                }
                if test(part, affix.bytes) { return .bool(true) }
            }
            return .bool(false)
        }
        guard let affix = values[0]?.stringObject else {
            let got = values[0]?.typeName ?? "nothing"
            throw StarlarkError("\(function): got \(got), want string or tuple of string")
        }
        return .bool(test(part, affix.bytes))
    }

    private static func strip(
        _ text: [UInt8], _ arguments: Arguments, _ function: String, left: Bool, right: Bool
    ) throws -> Value {
        let given = try arguments.unpackPositional(function, min: 0, max: 1)[0]
        var wanted: Set<Unicode.Scalar> = []
        if let given, !given.isNone {
            wanted = Set(UTF8Text.scalars(try string(given, function, 1)).map(\.scalar))
        }
        let drops = { (scalar: Unicode.Scalar) in
            wanted.isEmpty ? scalar.properties.isWhitespace : wanted.contains(scalar)
        }
        var scalars = UTF8Text.scalars(text)[...]
        if left { while let first = scalars.first, drops(first.scalar) { scalars.removeFirst() } }
        if right { while let last = scalars.last, drops(last.scalar) { scalars.removeLast() } }
        guard let first = scalars.first, let last = scalars.last else { return Self.text([]) }
        return Self.text(text[first.range.lowerBound..<last.range.upperBound])
    }
}
