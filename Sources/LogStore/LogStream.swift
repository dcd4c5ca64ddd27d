// SPDX-License-Identifier: Apache-2.0

/// Where the bytes of a line came from.
package enum LogStream: UInt8, Sendable, CaseIterable {
    /// The container's standard output, or both when they cannot be told apart.
    case standardOutput
    /// The container's standard error.
    case standardError
    /// A compiler or another build command.
    case build
    /// devloop itself, about this resource.
    case tool
}
