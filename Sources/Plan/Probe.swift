// SPDX-License-Identifier: Apache-2.0

/// `probe(...)`: how to tell that a server on this machine is ready. Names and defaults are those of Kubernetes' probes.
package struct Probe: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case exec([String])
        case httpGet(scheme: String, host: String, port: Int, path: String)
        case tcpSocket(host: String, port: Int)
    }

    package var action: Action
    /// Seconds before the first attempt.
    package var initialDelay = 0
    /// Seconds for one attempt.
    package var timeout = 1
    /// Seconds between attempts.
    package var period = 10
    /// Attempts in a row that make it ready.
    package var successThreshold = 1
    /// Attempts in a row that make it not ready.
    package var failureThreshold = 3

    package init(_ action: Action) { self.action = action }
}
