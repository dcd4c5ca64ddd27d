// SPDX-License-Identifier: Apache-2.0

/// What is wrong with the arguments of a builtin; the builtin's name and place are added where it was called.
struct SpecFault: Error {
    var message: String
    var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// Thrown by `exit()`: ends the evaluation without an error.
struct ExitSignal: Error {}
