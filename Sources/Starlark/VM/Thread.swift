// SPDX-License-Identifier: Apache-2.0

/// One evaluation: its stack, its limits and what it may do to the outside. Used from one native thread at a time.
package final class Thread {
    /// Receives what `print` writes, a line without its end.
    package var print: (Thread, String) -> Void
    /// Runs a file for `load` and gives its globals. Called with the module string as written.
    package var load: ((Thread, String) throws -> [String: Value])?
    /// Asked every few thousand instructions; true ends the evaluation with an error whose cause is `CancellationError`.
    package var cancelled: (() -> Bool)?
    /// The most instructions that may be executed; nil for no limit.
    package var maxSteps: Int? {
        didSet { startSlice() }
    }
    /// Data of the builtins, for as long as the evaluation lasts.
    package var locals: [String: Any] = [:]
    /// The values that every file sees without being given them.
    package let universe: [String: Value]

    let frames = FrameStack()
    let arena = ValueArena()
    /// Instructions until the next look at the limits.
    var budget = 0
    private var slice = 0
    private var finishedSteps = 0
    /// How many interpreter loops run inside each other, through builtins that call functions.
    var nesting = 0
    private var modules: [ModuleState] = []

    /// More calls in progress are an error.
    static let maxFrames = 100_000
    /// More loops within loops are an error, since they use the native stack.
    static let maxNesting = 64
    private static let pollInterval = 8_192

    /// Makes an evaluation that has not begun.
    package init(
        print: @escaping (Thread, String) -> Void = { _, _ in },
        loader: ((Thread, String) throws -> [String: Value])? = nil
    ) {
        self.print = print
        load = loader
        universe = Starlark.universe()
        startSlice()
    }

    /// How many instructions have been executed.
    package var steps: Int { finishedSteps + slice - budget }

    /// The calls in progress, the innermost last.
    package var callStack: [CallFrame] { frames.summaries }

    private func startSlice() {
        finishedSteps += slice - budget
        slice = Self.pollInterval
        if let maxSteps { slice = max(1, min(slice, maxSteps - finishedSteps + 1)) }
        budget = slice
    }

    /// Looks at the limits and grants the next instructions. Called when the budget is used up.
    func checkpoint() throws {
        startSlice()
        if let maxSteps, finishedSteps > maxSteps {
            throw StarlarkError("Starlark computation cancelled: too many steps")
        }
        if let cancelled, cancelled() { throw CancellationError() }
    }

    func register(_ module: ModuleState) {
        modules.append(module)
    }

    /// Drops the globals of all files that were run. Functions and their globals refer to each other, so this is what
    /// frees them; values taken from the evaluation must not be called afterwards.
    package func close() {
        for module in modules { module.clear() }
        modules = []
    }

    /// Turns an error into one that knows the calls in progress.
    func evalError(_ error: any Error) -> EvalError {
        if let known = error as? EvalError { return known }
        if let plain = error as? StarlarkError {
            return EvalError(message: plain.message, frames: callStack, cause: nil)
        }
        let message = error is CancellationError ? "Starlark computation cancelled" : String(describing: error)
        return EvalError(message: message, frames: callStack, cause: error)
    }
}
