// SPDX-License-Identifier: Apache-2.0

/// An error of evaluation, with where it happened.
package final class EvalError: Error, CustomStringConvertible {
    /// What is wrong.
    package let message: String
    /// The calls in progress, the innermost last.
    package let frames: [CallFrame]
    /// The error that a builtin or loader threw; nil when the interpreter itself found the fault.
    package let cause: (any Error)?

    init(message: String, frames: [CallFrame], cause: (any Error)?) {
        self.message = message
        self.frames = frames
        self.cause = cause
    }

    /// The innermost place in a file; nil when the error lies outside of any.
    package var position: Position? {
        innermost.frames.last { $0.position.file != Position.builtinFile }?.position
    }

    /// The error at the bottom of a chain of failed loads: the one that says where things really went wrong.
    package var innermost: EvalError {
        var error = self
        while let next = error.cause as? EvalError, !next.frames.isEmpty { error = next }
        return error
    }

    /// The calls that led to the innermost error, one a line, the outermost first, and the message.
    package func backtrace() -> String {
        let error = innermost
        var calls = error.frames[...]
        var place = ""
        if let last = calls.last, last.position.file == Position.builtinFile {
            place = " in \(last.name)"
            calls = calls.dropLast()
        }
        var text = calls.isEmpty ? "" : "Traceback (most recent call last):\n"
        for call in calls { text += "  \(call.position): in \(call.name)\n" }
        return text + "Error\(place): \(error.message)"
    }

    /// The message.
    package var description: String { message }
}
