// SPDX-License-Identifier: Apache-2.0

/// A function that is not written in Starlark.
package final class Builtin: StarlarkObject {
    /// The name that messages show.
    package let name: String
    private let receiver: Value?
    let body: (Thread, Arguments) throws -> Value

    /// Makes a function. An error that `body` throws becomes an `EvalError` with the place of the call, and is its `cause`.
    package init(_ name: String, _ body: @escaping (Thread, Arguments) throws -> Value) {
        self.name = name
        self.body = body
        receiver = nil
        super.init(kind: .builtin)
    }

    /// A method bound to the value that it was taken from.
    init(method: Method, receiver object: StarlarkObject) {
        name = method.name
        receiver = .object(object)
        body = { thread, arguments in try method.body(thread, object, arguments) }
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
