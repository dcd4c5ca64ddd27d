// SPDX-License-Identifier: Apache-2.0

/// The methods of dicts.
enum DictMethods {
    static var all: [Method] {
        [
            method("clear", 0...0) { dict, _ in
                try dict.removeAll()
                return .none
            },
            method("get", 1...2) { dict, values in
                return try dict.get(values[0] ?? .none) ?? values[1] ?? .none
            },
            method("items", 0...0) { dict, _ in
                return .list(dict.entries.map { .tuple([$0.key, $0.value]) })
            },
            method("keys", 0...0) { dict, _ in
                return .list(dict.table.keys)
            },
            method("pop", 1...2) { dict, values in
                let key = values[0] ?? .none
                if let value = try dict.remove(key) ?? values[1] { return value }
                throw StarlarkError("pop: missing key")
            },
            method("popitem", 0...0) { dict, _ in
                guard let entry = try dict.removeFirst() else { throw StarlarkError("popitem: empty dict") }
                return .tuple([entry.key, entry.value])
            },
            method("setdefault", 1...2) { dict, values in
                let key = values[0] ?? .none
                if let value = try dict.get(key) { return value }
                let value = values[1] ?? .none
                try dict.set(key, value)
                return value
            },
            method("update") { dict, arguments in
                guard arguments.positional.count <= 1 else {
                    throw StarlarkError("update: got \(arguments.positional.count) arguments, want at most 1")
                }
                try update(dict, arguments, function: "update")
                return .none
            },
            method("values", 0...0) { dict, _ in
                return .list(dict.entries.map(\.value))
            },
        ]
    }

    private static func method(
        _ name: String, _ counts: ClosedRange<Int>, _ body: @escaping @Sendable (StarlarkDict, Operands) throws -> Value
    ) -> Method {
        Method(name, counts) { receiver, values in
            try body(unsafeDowncast(receiver, to: StarlarkDict.self), values)
        }
    }

    private static func method(
        _ name: String, _ body: @escaping @Sendable (StarlarkDict, Arguments) throws -> Value
    ) -> Method {
        Method(naming: name) { _, receiver, arguments in
            try body(unsafeDowncast(receiver, to: StarlarkDict.self), arguments)
        }
    }

    /// Adds the entries of a mapping or of pairs, and the keyword arguments.
    static func update(_ dict: StarlarkDict, _ arguments: Arguments, function: String) throws {
        if let source = arguments.positional.first {
            if let other = source.dictObject {
                try dict.merge(other)
            } else {
                try add(pairs: source, to: dict, function)
            }
        }
        var seen: Set<String> = []
        for (name, value) in arguments.keywords {
            guard seen.insert(name).inserted else {
                throw StarlarkError("\(function): duplicate keyword arg: \(Value.string(name).repr())")
            }
            try dict.set(.string(name), value)
        }
    }

    private static func add(pairs source: Value, to dict: StarlarkDict, _ function: String) throws {
        guard let pairs = try? source.iterate() else {
            throw StarlarkError("\(function): got \(source.typeName), want iterable")
        }
        for (index, pair) in pairs.enumerated() {
            guard let parts = try? pair.iterate() else {
                throw StarlarkError("\(function): element #\(index) is not iterable (\(pair.typeName))")
            }
            guard parts.count == 2 else {
                throw StarlarkError("\(function): element #\(index) has length \(parts.count), want 2")
            }
            try dict.set(parts[0], parts[1])
        }
    }
}
