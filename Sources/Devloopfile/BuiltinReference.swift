// SPDX-License-Identifier: Apache-2.0

/// The builtins and their parameters, from the code; `docs/spec.md` is held to it.
package enum BuiltinReference {
    /// Parameters of each builtin in order, with `?` after those that may be left out. Members of modules have their
    /// last name alone.
    package static func parameters() -> [String: [String]] {
        let evaluator = Evaluator(
            DevloopfileRequest(directory: "/"), mainFile: "/Devloopfile", control: EvaluationControl())
        evaluator.makeBuiltins()
        return evaluator.signatures
    }
}
