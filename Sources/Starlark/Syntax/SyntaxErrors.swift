// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a file before it runs: one error of the scanner or parser, or all errors of the resolver.
package struct SyntaxErrors: Error, CustomStringConvertible {
    /// The errors in the order of the source.
    package let errors: [(position: Position, message: String)]

    init(_ errors: [(position: Position, message: String)]) {
        self.errors = errors
    }

    /// One `file:line:column: message` a line.
    package var description: String {
        errors.map { "\($0.position): \($0.message)" }.joined(separator: "\n")
    }
}

/// The first fault that the scanner or the parser meets; it ends parsing.
struct SyntaxError: Error {
    let spot: Spot
    let message: String
}
