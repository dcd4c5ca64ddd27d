// SPDX-License-Identifier: Apache-2.0

extension Starlark {
    /// The values that every file sees: constants and builtins. Builtins are equal by identity, so one evaluation makes
    /// them once; see `Thread.universe`.
    package static func universe() -> [String: Value] {
        var universe: [String: Value] = ["None": .none, "True": .bool(true), "False": .bool(false)]
        for builtin in Universe.numbers + Universe.sequences + Universe.constructors + Universe.reflection {
            universe[builtin.name] = .object(builtin)
        }
        return universe
    }
}

/// The builtins that every file sees.
enum Universe {
    /// Builtins that order and combine iterables.
    static var sequences: [Builtin] {
        [
            Builtin("all") { _, arguments in
                let elements = try one(arguments, "all", "iterable").iterable("all", "iterable")
                return .bool(elements.allSatisfy(\.truth))
            },
            Builtin("any") { _, arguments in
                let elements = try one(arguments, "any", "iterable").iterable("any", "iterable")
                return .bool(elements.contains(where: \.truth))
            },
            Builtin("enumerate") { _, arguments in
                let values = try arguments.unpack("enumerate", "iterable", "start?")
                let start = try values[1]?.int("enumerate", "start") ?? 0
                let elements = try (values[0] ?? .none).iterable("enumerate", "iterable")
                return .list(elements.enumerated().map { .tuple([IntMath.add(start, $0.offset), $0.element]) })
            },
            Builtin("len", 1...1, direct: { try length($0[0] ?? .none) }) { _, arguments in
                try length(try one(arguments, "len", "x"))
            },
            Builtin("max") { thread, arguments in try extreme(thread, arguments, "max", .greater) },
            Builtin("min") { thread, arguments in try extreme(thread, arguments, "min", .less) },
            Builtin("range", 1...3, direct: range) { _, arguments in
                try arguments.checkPositional("range", min: 1, max: 3)
                return try Operands.with(arguments.positional, range)
            },
            Builtin("reversed") { _, arguments in
                let elements = try one(arguments, "reversed", "iterable").iterable("reversed", "iterable")
                return .list(elements.reversed())
            },
            Builtin("sorted", sorted),
            Builtin("zip") { _, arguments in
                guard arguments.keywords.isEmpty else { throw StarlarkError("zip: unexpected keyword arguments") }
                return try zipped(arguments.positional)
            },
        ]
    }

    /// The only argument of a builtin with one parameter.
    static func one(_ arguments: Arguments, _ function: String, _ name: String) throws -> Value {
        try arguments.unpack(function, parameters: [name])[0] ?? .none
    }

    private static func length(_ value: Value) throws -> Value {
        if let count = value.stringObject?.bytes.count ?? value.length { return .int(count) }
        throw StarlarkError("len: value of type \(value.typeName) has no len")
    }

    @Sendable
    private static func range(_ values: Operands) throws -> Value {
        var (start, stop, step) = (0, try values[0]?.int("range", "start") ?? 0, 1)
        if let second = values[1] {
            (start, stop) = (stop, try second.int("range", "stop"))
            step = try values[2]?.int("range", "step") ?? 1
        }
        guard step != 0 else { throw StarlarkError("range: step argument must not be zero") }
        return .object(StarlarkRange(start: start, stop: stop, step: step))
    }

    private static func extreme(
        _ thread: Thread, _ arguments: Arguments, _ function: String, _ operation: ComparisonOperator
    ) throws -> Value {
        guard !arguments.positional.isEmpty else {
            throw StarlarkError("\(function) requires at least one positional argument")
        }
        let key = try Arguments(keywords: arguments.keywords).unpack(function, "key?")[0]
        var elements = arguments.positional
        if elements.count == 1 {
            guard let inner = try? elements[0].iterate() else {
                throw StarlarkError("\(function): \(elements[0].typeName) value is not iterable")
            }
            elements = inner
        }
        guard var best = elements.first else { throw StarlarkError("\(function): argument is an empty sequence") }
        func rank(_ value: Value) throws -> Value {
            guard let key, !key.isNone else { return value }
            return try thread.call(key, Arguments(positional: [value]))
        }
        var bestRank = try rank(best)
        for element in elements.dropFirst() {
            let candidate = try rank(element)
            if try Comparison.compare(operation, candidate, bestRank) { (best, bestRank) = (element, candidate) }
        }
        return best
    }

    @Sendable
    private static func sorted(_ thread: Thread, _ arguments: Arguments) throws -> Value {
        let values = try arguments.unpack("sorted", "iterable", "key?", "reverse?")
        let elements = try (values[0] ?? .none).iterable("sorted", "iterable")
        if let key = values[1], !key.isCallable {
            throw StarlarkError("sorted: for parameter key: got \(key.typeName), want callable")
        }
        let reverse = try values[2]?.bool("sorted", "reverse") ?? false
        var keyed = try elements.map { element in
            guard let key = values[1] else { return (key: element, element: element) }
            return (key: try thread.call(key, Arguments(positional: [element])), element: element)
        }
        // Elements that are equal keep their order, also when reversed.
        try MergeSort.sort(&keyed) { later, earlier in
            try Comparison.compare(.less, reverse ? earlier.key : later.key, reverse ? later.key : earlier.key)
        }
        return .list(keyed.map(\.element))
    }

    private static func zipped(_ iterables: [Value]) throws -> Value {
        guard !iterables.isEmpty else { return .list([]) }
        let iterators = try iterables.enumerated().map { index, value in
            guard let iterator = value.makeIterator() else {
                throw StarlarkError("zip: argument #\(index + 1) is not iterable: \(value.typeName)")
            }
            return iterator
        }
        var rows: [Value] = []
        while true {
            var row: [Value] = []
            for iterator in iterators {
                guard let element = iterator.next() else { return .list(rows) }
                row.append(element)
            }
            rows.append(.tuple(row))
        }
    }
}
