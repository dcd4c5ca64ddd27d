// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Starlark

extension Evaluator {
    /// An error of the evaluation as the user is told it; nil when it was `exit()`.
    func convert(_ error: any Error) -> DevloopError? {
        switch error {
        case let error as EvalError: return convert(error.innermost)
        case let error as SyntaxErrors: return convert(error)
        case let error as DevloopError: return error
        case let error as SpecFault: return DevloopError(.spec, error.message, hint: error.hint)
        default: return DevloopError(.spec, "\(error)", cause: error)
        }
    }

    private func convert(_ error: EvalError) -> DevloopError? {
        if error.cause is ExitSignal { return nil }
        let place = error.position.map(location)
        var fault: DevloopError
        switch error.cause {
        case let cause as SyntaxErrors: fault = convert(cause)
        case let cause as DevloopError: fault = cause
        case let cause as SpecFault: fault = DevloopError(.spec, cause.message, hint: cause.hint)
        default: fault = described(error.message)
        }
        fault.location = fault.location ?? place
        let frames = error.frames.filter { $0.position.file != Position.builtinFile }
        let isPlain = frames.count == 1 && fault.location == place
        if !isPlain { fault.backtrace += backtrace(frames) }
        return fault
    }

    /// One line a call, the outermost first; of a recursion that went too deep the beginning and the end.
    private func backtrace(_ frames: [CallFrame]) -> [String] {
        func lines(_ frames: some Sequence<CallFrame>) -> [String] {
            frames.map { "\(location($0.position)): in \($0.name)" }
        }
        guard frames.count > 2 * Self.shownCalls else { return lines(frames) }
        return lines(frames.prefix(Self.shownCalls)) + ["(\(frames.count - 2 * Self.shownCalls) more calls)"]
            + lines(frames.suffix(Self.shownCalls))
    }

    /// Calls at either end of a long backtrace that are shown.
    private static let shownCalls = 10

    /// The first error of a file, the others as further lines.
    private func convert(_ errors: SyntaxErrors) -> DevloopError {
        let faults = errors.errors.map { error in
            var fault = described(error.message)
            fault.location = location(error.position)
            // What comes unexpected is seldom where the mistake is.
            if fault.hint == nil, error.message.hasPrefix("got ") {
                fault.hint = "look for a missing bracket, quote, comma or colon here and on the lines above"
            }
            return fault
        }
        var first = faults.first ?? DevloopError(.spec, "\(errors)")
        first.backtrace = faults.dropFirst().map { fault in
            fault.description + (fault.hint.map { " (\($0))" } ?? "")
        }
        return first
    }

    /// A message of the language, its suggestion taken out as a hint.
    private func described(_ message: String) -> DevloopError {
        var message = message
        var hint: String?
        if let start = message.range(of: " (did you mean ")?.lowerBound, message.hasSuffix("?)") {
            let suggestion = message[start...].dropFirst(" (did you mean ".count).dropLast(2)
            hint = "did you mean \"\(suggestion)\"?"
            message = String(message[..<start])
        }
        return DevloopError(.spec, message, hint: hint)
    }
}

extension String {
    fileprivate func range(of text: String) -> Range<String.Index>? { firstRange(of: text) }
}
