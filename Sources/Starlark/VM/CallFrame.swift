// SPDX-License-Identifier: Apache-2.0

/// A call in progress, as tracebacks show it.
package struct CallFrame: Sendable {
    /// The name of the function; `<toplevel>` for the code of a file.
    package let name: String
    /// Where the call is at; the file is `Position.builtinFile` for a builtin.
    package let position: Position
}
