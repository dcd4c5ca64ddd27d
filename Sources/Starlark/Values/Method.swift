// SPDX-License-Identifier: Apache-2.0

/// A method of a built-in type, not yet bound to a receiver.
final class Method: StarlarkObject {
    typealias Body = @Sendable (Thread, StarlarkObject, Arguments) throws -> Value

    let name: String
    let body: Body

    init(_ name: String, _ body: @escaping Body) {
        self.name = name
        self.body = body
        super.init(kind: .method)
    }

    /// A method whose errors begin with its name.
    convenience init(naming name: String, _ body: @escaping Body) {
        let prefix = name + ": "
        self.init(name) { thread, receiver, arguments in
            do {
                return try body(thread, receiver, arguments)
            } catch let error as StarlarkError where !error.message.hasPrefix(prefix) {
                throw StarlarkError(prefix + error.message)
            }
        }
    }

    override var typeName: String { "builtin_function_or_method" }
    override var isCallable: Bool { true }
}
