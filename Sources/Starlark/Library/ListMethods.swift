// SPDX-License-Identifier: Apache-2.0

/// The methods of lists.
enum ListMethods {
    static var all: [Method] {
        [
            method("append", 1...1) { list, values in
                let value = values[0] ?? .none
                try list.append(value)
                return .none
            },
            method("clear", 0...0) { list, _ in
                try list.checkMutable("clear")
                list.elements.removeAll()
                return .none
            },
            method("extend", 1...1) { list, values in
                let value = values[0] ?? .none
                let more = try value.iterable("extend", "iterable")
                try list.checkMutable("extend")
                list.elements.append(contentsOf: more)
                return .none
            },
            method("index", index),
            method("insert", 2...2) { list, values in
                let wanted = try (values[0] ?? .none).int("insert", "index")
                try list.checkMutable("insert into")
                let count = list.elements.count
                let place = min(max(wanted < 0 ? wanted + count : wanted, 0), count)
                list.elements.insert(values[1] ?? .none, at: place)
                return .none
            },
            method("pop", 0...1) { list, values in
                let count = list.elements.count
                let given = values[0]
                let wanted = try given?.int("pop", "index") ?? count - 1
                let place = wanted < 0 && given != nil ? wanted + count : wanted
                guard place >= 0 && place < count else {
                    if count == 0 { throw StarlarkError("pop: index \(wanted) out of range: empty list") }
                    throw StarlarkError("pop: list index \(wanted) out of range [\(-count):\(count - 1)]")
                }
                try list.checkMutable("pop from")
                return list.elements.remove(at: place)
            },
            method("remove", 1...1) { list, values in
                let value = values[0] ?? .none
                try list.checkMutable("remove from")
                for place in list.elements.indices where try Comparison.equal(list.elements[place], value) {
                    list.elements.remove(at: place)
                    return .none
                }
                throw StarlarkError("remove: element not found")
            },
        ]
    }

    private static func method(
        _ name: String, _ counts: ClosedRange<Int>, _ body: @escaping @Sendable (StarlarkList, Operands) throws -> Value
    ) -> Method {
        Method(name, counts) { receiver, values in
            try body(unsafeDowncast(receiver, to: StarlarkList.self), values)
        }
    }

    private static func method(
        _ name: String, _ body: @escaping @Sendable (StarlarkList, Arguments) throws -> Value
    ) -> Method {
        Method(naming: name) { _, receiver, arguments in
            try body(unsafeDowncast(receiver, to: StarlarkList.self), arguments)
        }
    }

    @Sendable
    private static func index(_ list: StarlarkList, _ arguments: Arguments) throws -> Value {
        let values = try arguments.unpackPositional("index", min: 1, max: 3)
        let (start, end) = try Bounds.clamp(values[1], values[2], count: list.elements.count, function: "index")
        for place in start..<max(start, end) where try Comparison.equal(list.elements[place], values[0] ?? .none) {
            return .int(place)
        }
        throw StarlarkError("index: value not in list")
    }
}
