// SPDX-License-Identifier: Apache-2.0

/// A function that is not written in Starlark.
package final class Builtin: StarlarkObject {
    /// The name that messages show.
    package let name: String
    private let receiver: Value?
    let body: (Thread, Arguments) throws -> Value
    /// The body for calls without names; nil when only `body` will do.
    let direct: DirectBody?

    /// Makes a function. An error that `body` throws becomes an `EvalError` with the place of the call, and is its `cause`.
    package init(_ name: String, _ body: @escaping (Thread, Arguments) throws -> Value) {
        self.name = name
        self.body = body
        receiver = nil
        direct = nil
        super.init(kind: .builtin)
    }

    /// A function that has a shorter way for calls without names. It gets itself as receiver.
    init(
        _ name: String, _ counts: ClosedRange<Int>, direct: @escaping @Sendable (Operands) throws -> Value,
        general: @escaping (Thread, Arguments) throws -> Value
    ) {
        self.name = name
        body = general
        receiver = nil
        self.direct = DirectBody(counts: counts) { _, operands in try direct(operands) }
        super.init(kind: .builtin)
    }

    /// A method bound to the value that it was taken from.
    init(method: Method, receiver object: StarlarkObject) {
        name = method.name
        receiver = .object(object)
        body = { thread, arguments in try method.body(thread, object, arguments) }
        direct = nil
        super.init(kind: .builtin)
    }

    package override var typeName: String { "builtin_function_or_method" }
    package override var isCallable: Bool { true }
    override func hash(depth: Int) throws -> Int { ObjectIdentifier(self).hashValue }

    override func write(to writer: inout ReprWriter) {
        if let receiver {
            writer.write("<built-in method \(name) of \(receiver.typeName) value>")
        } else {
            writer.write("<built-in function \(name)>")
        }
    }
}
