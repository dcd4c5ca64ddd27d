// SPDX-License-Identifier: Apache-2.0

/// A call in progress.
struct Frame {
    /// A function, builtin or method.
    let callable: StarlarkObject
    /// The code when the callable is a function, which keeps it alive.
    unowned(unsafe) let code: FunctionCode?
    let locals: UnsafeMutablePointer<Value?>
    /// The bottom of the operand stack.
    let stack: UnsafeMutablePointer<Value>
    /// One past the top of the operand stack.
    var top: UnsafeMutablePointer<Value>
    /// The instruction after the current one.
    var next: Int
    let mark: ValueArena.Mark

    /// What a traceback shows for the call.
    var summary: CallFrame {
        if let code { return CallFrame(name: code.name, position: code.position(of: next - 1)) }
        let name =
            callable.kind == .method
            ? unsafeDowncast(callable, to: Method.self).name
            : callable.kind == .builtin ? unsafeDowncast(callable, to: Builtin.self).name : callable.typeName
        return CallFrame(name: name, position: Position(file: Position.builtinFile, line: 0, column: 0))
    }
}
