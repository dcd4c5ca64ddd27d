// SPDX-License-Identifier: Apache-2.0

/// The methods of sets.
enum SetMethods {
    static var all: [Method] {
        [
            method("add", 1...1) { set, values in
                let value = values[0] ?? .none
                try set.insert(value)
                return .none
            },
            method("clear", 0...0) { set, _ in
                // An empty set, even a frozen one, is not changed by this.
                if set.truth { try set.removeAll() }
                return .none
            },
            method("difference") { set, arguments in
                .object(try set.difference(try other(arguments, "difference")))
            },
            method("discard", 1...1) { set, values in
                let value = values[0] ?? .none
                _ = try set.remove(value)
                return .none
            },
            method("intersection") { set, arguments in
                .object(try set.intersection(try other(arguments, "intersection")))
            },
            method("issubset", 0...1) { set, values in
                guard let other = values[0] else { return .bool(!set.truth) }
                if let other = other.setObject { return .bool(try set.isSubset(of: other)) }
                guard let iterator = other.makeIterator() else {
                    _ = try other.iterable("issubset", "iterable")
                    return .none
                }
                return .bool(try set.isSubset(of: iterator))
            },
            method("issuperset") { set, arguments in
                .bool(try other(arguments, "issuperset").allSatisfy { try set.contains($0) })
            },
            method("pop", 0...0) { set, _ in
                guard let value = try set.removeFirst() else { throw StarlarkError("pop: empty set") }
                return value
            },
            method("remove", 1...1) { set, values in
                let value = values[0] ?? .none
                guard try set.remove(value) else { throw StarlarkError("remove: missing key") }
                return .none
            },
            method("symmetric_difference") { set, arguments in
                .object(try set.symmetricDifference(try other(arguments, "symmetric_difference")))
            },
            method("union") { set, arguments in
                var result = set.elements
                for elements in try others(arguments) { result += elements }
                return .object(try StarlarkSet(result))
            },
            method("update") { set, arguments in
                for elements in try others(arguments) {
                    for element in elements { try set.insert(element) }
                }
                return .none
            },
        ]
    }

    private static func method(
        _ name: String, _ counts: ClosedRange<Int>, _ body: @escaping @Sendable (StarlarkSet, Operands) throws -> Value
    ) -> Method {
        Method(name, counts) { receiver, values in
            try body(unsafeDowncast(receiver, to: StarlarkSet.self), values)
        }
    }

    private static func method(
        _ name: String, _ body: @escaping @Sendable (StarlarkSet, Arguments) throws -> Value
    ) -> Method {
        Method(naming: name) { _, receiver, arguments in
            try body(unsafeDowncast(receiver, to: StarlarkSet.self), arguments)
        }
    }

    private static func other(_ arguments: Arguments, _ function: String) throws -> [Value] {
        let value = try arguments.unpackPositional(function, min: 0, max: 1)[0]
        return try value?.iterable(function, "iterable") ?? []
    }

    /// The elements of each argument of a method that takes any number of iterables.
    private static func others(_ arguments: Arguments) throws -> [[Value]] {
        guard arguments.keywords.isEmpty else { throw StarlarkError("does not accept keyword arguments") }
        return try arguments.positional.enumerated().map { index, value in
            guard let elements = try? value.iterate() else {
                throw StarlarkError("argument #\(index + 1) is not iterable: \(value.typeName)")
            }
            return elements
        }
    }
}
