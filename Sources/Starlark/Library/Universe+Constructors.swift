// SPDX-License-Identifier: Apache-2.0

extension Universe {
    /// Builtins that make values of a type.
    static var constructors: [Builtin] {
        [
            Builtin("bool") { _, arguments in
                .bool(try arguments.unpack("bool", "x?")[0]?.truth ?? false)
            },
            Builtin("bytes") { _, arguments in
                try bytes(try one(arguments, "bytes", "x"))
            },
            Builtin("dict") { _, arguments in
                guard arguments.positional.count <= 1 else {
                    throw StarlarkError("dict: got \(arguments.positional.count) arguments, want at most 1")
                }
                let dict = StarlarkDict()
                do {
                    try DictMethods.update(dict, arguments, function: "dict")
                } catch let error as StarlarkError where !error.message.hasPrefix("dict: ") {
                    throw StarlarkError("dict: \(error.message)")
                }
                return .object(dict)
            },
            Builtin("list") { _, arguments in
                .list(try elements(arguments, "list"))
            },
            Builtin("set") { _, arguments in
                do {
                    return .object(try StarlarkSet(try elements(arguments, "set")))
                } catch let error as StarlarkError where !error.message.hasPrefix("set: ") {
                    throw StarlarkError("set: \(error.message)")
                }
            },
            Builtin("str", 0...1, direct: string) { _, arguments in
                try arguments.checkPositional("str", min: 0, max: 1)
                return try Operands.with(arguments.positional, string)
            },
            Builtin("tuple") { _, arguments in
                let values = try arguments.unpackPositional("tuple", min: 0, max: 1)
                if let value = values[0], value.tupleObject != nil { return value }
                return .tuple(try values[0]?.iterable("tuple", "iterable") ?? [])
            },
        ]
    }

    @Sendable
    private static func string(_ values: Operands) throws -> Value {
        guard let value = values[0] else { return .string("") }
        if value.stringObject != nil { return value }
        return StringMethods.text(value.strBytes())
    }

    private static func elements(_ arguments: Arguments, _ function: String) throws -> [Value] {
        try arguments.unpackPositional(function, min: 0, max: 1)[0]?.iterable(function, "iterable") ?? []
    }

    private static func bytes(_ value: Value) throws -> Value {
        if value.bytesObject != nil { return value }
        if let text = value.stringObject { return .object(StarlarkBytes(UTF8Text.repaired(text.bytes))) }
        guard let elements = try? value.iterate() else {
            throw StarlarkError("bytes: got \(value.typeName), want string, bytes, or iterable of ints")
        }
        let result = try elements.enumerated().map { index, element in
            guard let number = element.bigInt else {
                throw StarlarkError("bytes: at index \(index), got \(element.typeName), want int")
            }
            guard let byte = UInt8(exactly: number) else {
                throw StarlarkError(
                    "bytes: at index \(index), \(number) out of range (want value in unsigned 8-bit range)")
            }
            return byte
        }
        return .object(StarlarkBytes(result))
    }

    /// Builtins that look at values, and those that talk.
    static var reflection: [Builtin] {
        [
            Builtin("dir") { _, arguments in
                let value = try one(arguments, "dir", "x")
                guard case .object(let object) = value else { return .list([]) }
                return .list(object.attrNames.map { .string($0) })
            },
            Builtin("fail") { _, arguments in
                throw StarlarkError("fail: " + (try joined(arguments, "fail")))
            },
            Builtin("getattr") { _, arguments in
                let values = try arguments.unpackPositional("getattr", min: 2, max: 3)
                let value = values[0] ?? .none
                let name = try attributeName(values[1], "getattr")
                if let fallback = values[2] {
                    guard case .object(let object) = value else { return fallback }
                    return try object.attr(name) ?? fallback
                }
                do {
                    return try Operation.attribute(value, name)
                } catch let error as StarlarkError {
                    throw StarlarkError("getattr: \(error.message)")
                }
            },
            Builtin("hasattr") { _, arguments in
                let values = try arguments.unpackPositional("hasattr", min: 2, max: 2)
                let name = try attributeName(values[1], "hasattr")
                guard case .object(let object)? = values[0] else { return .bool(false) }
                return .bool(object.attrNames.contains(name))
            },
            Builtin("print") { thread, arguments in
                thread.print(thread, try joined(arguments, "print"))
                return .none
            },
            Builtin("repr") { _, arguments in
                StringMethods.text(try one(arguments, "repr", "x").reprBytes())
            },
            Builtin("type", 1...1, direct: { .string(($0[0] ?? .none).typeName) }) { _, arguments in
                .string(try one(arguments, "type", "x").typeName)
            },
        ]
    }

    private static func attributeName(_ value: Value?, _ function: String) throws -> String {
        guard let name = value?.asString else {
            throw StarlarkError("\(function): for parameter 2: got \(value?.typeName ?? "nothing"), want string")
        }
        return name
    }

    /// The text of all arguments, with `sep` between them.
    private static func joined(_ arguments: Arguments, _ function: String) throws -> String {
        var separator = Array(" ".utf8)
        let given = try Arguments(keywords: arguments.keywords).unpack(function, "sep?")[0]
        if let given { separator = try given.string(function, "sep").bytes }
        var text: [UInt8] = []
        for (index, value) in arguments.positional.enumerated() {
            if index > 0 { text += separator }
            text += value.strBytes()
        }
        return String(decoding: text, as: UTF8.self)
    }
}
