// SPDX-License-Identifier: Apache-2.0

/// Exit codes of every command (design §4.1).
package enum ExitStatus: Int32, Sendable {
    /// Done.
    case ok = 0
    /// A build, a deploy or a check failed.
    case workFailed = 1
    /// Wrong usage.
    case usage = 2
    /// The Devloopfile, or a context that it does not allow.
    case spec = 3
    /// The kubeconfig, or the cluster cannot be reached or refused us.
    case cluster = 4
    /// Ended by Ctrl-C or SIGTERM.
    case interrupted = 130
}
