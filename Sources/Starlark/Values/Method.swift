// SPDX-License-Identifier: Apache-2.0

/// A method of a built-in type, not yet bound to a receiver.
final class Method: StarlarkObject {
    typealias Body = @Sendable (Thread, StarlarkObject, Arguments) throws -> Value

    let name: String
    let body: Body

    /// The body for calls without names; nil when only `body` will do.
    let direct: DirectBody?

    init(_ name: String, _ body: @escaping Body) {
        self.name = name
        self.body = body
        direct = nil
        super.init(kind: .method)
    }

    /// A method whose errors begin with its name.
    convenience init(naming name: String, _ body: @escaping Body) {
        self.init(name) { thread, receiver, arguments in
            do {
                return try body(thread, receiver, arguments)
            } catch let error as StarlarkError {
                throw Self.naming(error, name)
            }
        }
    }

    /// A method of parameters by position only, whose errors begin with its name.
    init(
        _ name: String, _ counts: ClosedRange<Int>,
        direct: @escaping @Sendable (StarlarkObject, Operands) throws -> Value
    ) {
        self.name = name
        self.direct = DirectBody(counts: counts, body: direct)
        body = { _, receiver, arguments in
            try arguments.checkPositional(name, min: counts.lowerBound, max: counts.upperBound)
            do {
                return try Operands.with(arguments.positional) { try direct(receiver, $0) }
            } catch let error as StarlarkError {
                throw Self.naming(error, name)
            }
        }
        super.init(kind: .method)
    }

    /// The error with the name of the method before it, unless it is there.
    func naming(_ error: StarlarkError) -> StarlarkError { Self.naming(error, name) }

    private static func naming(_ error: StarlarkError, _ name: String) -> StarlarkError {
        error.message.hasPrefix(name + ": ") ? error : StarlarkError("\(name): \(error.message)")
    }

    override var typeName: String { "builtin_function_or_method" }
    override var isCallable: Bool { true }
}
