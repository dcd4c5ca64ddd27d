// SPDX-License-Identifier: Apache-2.0

/// The methods of dicts.
enum DictMethods {
    static var all: [Method] {
        [
            method("clear") { dict, arguments in
                _ = try arguments.unpackPositional("clear", min: 0, max: 0)
                try dict.removeAll()
                return .none
            },
            method("get") { dict, arguments in
                let values = try arguments.unpackPositional("get", min: 1, max: 2)
                return try dict.get(values[0] ?? .none) ?? values[1] ?? .none
            },
            method("items") { dict, arguments in
                _ = try arguments.unpackPositional("items", min: 0, max: 0)
                return .list(dict.entries.map { .tuple([$0.key, $0.value]) })
            },
            method("keys") { dict, arguments in
                _ = try arguments.unpackPositional("keys", min: 0, max: 0)
                return .list(dict.table.keys)
            },
            method("pop") { dict, arguments in
                let values = try arguments.unpackPositional("pop", min: 1, max: 2)
                let key = values[0] ?? .none
                if let value = try dict.remove(key) ?? values[1] { return value }
                throw StarlarkError("pop: missing key")
            },
            method("popitem") { dict, arguments in
                _ = try arguments.unpackPositional("popitem", min: 0, max: 0)
                guard let entry = try dict.removeFirst() else { throw StarlarkError("popitem: empty dict") }
                return .tuple([entry.key, entry.value])
            },
            method("setdefault") { dict, arguments in
                let values = try arguments.unpackPositional("setdefault", min: 1, max: 2)
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
            method("values") { dict, arguments in
                _ = try arguments.unpackPositional("values", min: 0, max: 0)
                return .list(dict.entries.map(\.value))
            },
        ]
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
