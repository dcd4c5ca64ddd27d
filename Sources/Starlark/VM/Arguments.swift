// SPDX-License-Identifier: Apache-2.0

/// The arguments of a call.
package struct Arguments {
    /// Arguments without a name, in order.
    package var positional: [Value]
    /// Arguments with a name, in order; the names are unique.
    package var keywords: [(name: String, value: Value)]

    /// Makes the arguments of a call.
    package init(positional: [Value] = [], keywords: [(name: String, value: Value)] = []) {
        self.positional = positional
        self.keywords = keywords
    }

    /// Matches the arguments with parameters.
    ///
    /// `name` is required and `name?` optional; for `name??`, which is optional too, `None` counts as absent. All
    /// parameters after an optional one are optional. Gives one value a parameter, nil where none was given. Throws for
    /// arguments that are missing, unknown, given twice or too many.
    package func unpack(_ function: String, _ names: String...) throws -> [Value?] {
        try unpack(function, parameters: names)
    }

    func unpack(_ function: String, parameters: [String]) throws -> [Value?] {
        var values = [Value?](repeating: nil, count: parameters.count)
        guard positional.count <= parameters.count else {
            throw StarlarkError(
                "\(function): got \(positional.count) arguments, want at most \(parameters.count)")
        }
        let bare = parameters.map { parameter in parameter.prefix { $0 != "?" } }
        for (index, value) in positional.enumerated() { values[index] = Self.present(value, parameters[index]) }
        var given = Set<Int>(0..<positional.count)
        for (name, value) in keywords {
            guard let index = bare.firstIndex(where: { $0 == name }) else {
                let near = Spelling.nearest(to: name, among: bare.map(String.init))
                let hint = near.map { " (did you mean \($0)?)" } ?? ""
                throw StarlarkError("\(function): unexpected keyword argument \"\(name)\"\(hint)")
            }
            guard given.insert(index).inserted else {
                throw StarlarkError("\(function): got multiple values for keyword argument \"\(name)\"")
            }
            values[index] = Self.present(value, parameters[index])
        }
        for (index, parameter) in parameters.enumerated() {
            if parameter.hasSuffix("?") { break }
            if values[index] == nil { throw StarlarkError("\(function): missing argument for \(bare[index])") }
        }
        return values
    }

    private static func present(_ value: Value, _ parameter: String) -> Value? {
        parameter.hasSuffix("??") && value.isNone ? nil : value
    }

    /// Matches arguments that can only be given by position. Throws for names and for a wrong number.
    func unpackPositional(_ function: String, min: Int, max: Int) throws -> Positional {
        try checkPositional(function, min: min, max: max)
        return Positional(values: positional)
    }

    func checkPositional(_ function: String, min: Int, max: Int) throws {
        guard keywords.isEmpty else { throw StarlarkError("\(function): unexpected keyword arguments") }
        let count = positional.count
        if count < min {
            let bound = min == max ? "" : "at least "
            throw StarlarkError("\(function): got \(count) arguments, want \(bound)\(min)")
        }
        if count > max {
            let bound = min == max ? "" : "at most "
            throw StarlarkError("\(function): got \(count) arguments, want \(bound)\(max)")
        }
    }

    /// Arguments by position.
    struct Positional {
        fileprivate let values: [Value]

        /// The argument at an index; nil where none was given.
        subscript(index: Int) -> Value? { index < values.count ? values[index] : nil }
    }
}

extension Value {
    /// The elements of an iterable argument; the error names the function and parameter.
    func iterable(_ function: String, _ parameter: String) throws -> [Value] {
        guard let elements = try? iterate() else {
            throw StarlarkError("\(function): for parameter \(parameter): got \(typeName), want iterable")
        }
        return elements
    }

    /// The number of an int argument that fits 64 bits.
    func int(_ function: String, _ parameter: String) throws -> Int {
        if case .int(let value) = self { return value }
        if bigObject != nil {
            throw StarlarkError(
                "\(function): for parameter \(parameter): \(repr()) out of range "
                    + "(want value in signed 64-bit range)")
        }
        throw StarlarkError("\(function): for parameter \(parameter): got \(typeName), want int")
    }

    /// The value of a bool argument; no other type will do.
    func bool(_ function: String, _ parameter: String) throws -> Bool {
        guard let flag = asBool else {
            throw StarlarkError("\(function): for parameter \(parameter): got \(typeName), want bool")
        }
        return flag
    }

    /// The string of a string argument.
    func string(_ function: String, _ parameter: String) throws -> StarlarkString {
        guard let string = stringObject else {
            throw StarlarkError("\(function): for parameter \(parameter): got \(typeName), want string")
        }
        return string
    }
}
