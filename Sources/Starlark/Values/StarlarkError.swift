// SPDX-License-Identifier: Apache-2.0

/// An error of an operation or a builtin: a message, to which the interpreter adds the place.
package struct StarlarkError: Error, CustomStringConvertible {
    /// What is wrong, lower case, without a full stop.
    package let message: String

    /// Makes an error with this message.
    package init(_ message: String) {
        self.message = message
    }

    /// The message.
    package var description: String { message }
}
