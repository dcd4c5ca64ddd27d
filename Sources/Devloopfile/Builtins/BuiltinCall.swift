// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Starlark

/// A call of a builtin with its arguments in the order of the parameters.
struct BuiltinCall {
    let thread: Thread
    let arguments: [Value?]
    /// Where the spec calls it.
    let location: SourceLocation?
}

extension Evaluator {
    /// Makes a builtin. Parameters are `name`, or `name?` for those that may be left out.
    func define(
        _ name: String, _ parameters: String..., body: @escaping (Evaluator, BuiltinCall) throws -> Value
    ) -> Builtin {
        let parameters = Parameters(name, parameters)
        return Builtin(name) { [unowned self] thread, arguments in
            let values = try parameters.bind(arguments)
            do {
                return try body(
                    self, BuiltinCall(thread: thread, arguments: values, location: place(thread)))
            } catch let fault as SpecFault {
                throw DevloopError(.spec, "\(name): \(fault.message)", hint: fault.hint)
            }
        }
    }

    /// The innermost place of the spec in a call stack.
    func place(_ thread: Thread) -> SourceLocation? {
        thread.callStack.last { $0.position.file != Position.builtinFile }.map { location($0.position) }
    }

    /// A place of the language as one that is shown.
    func location(_ position: Position) -> SourceLocation {
        SourceLocation(
            file: display(position.file), line: position.line > 0 ? position.line : nil,
            column: position.column > 0 ? position.column : nil)
    }
}
