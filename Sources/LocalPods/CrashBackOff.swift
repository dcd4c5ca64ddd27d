// SPDX-License-Identifier: Apache-2.0

/// How long a container that has ended waits before it is started again, as the kubelet has it: not at all after the first
/// end, then 10 s, twice as long each time, 5 minutes at most; after 10 minutes of running all is forgotten.
///
/// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
package struct CrashBackOff: Sendable, Equatable {
    package static let first = Duration.seconds(10)
    package static let limit = Duration.seconds(300)

    private var next = Duration.zero

    package init() {}

    /// - Parameter uptime: how long the run that has ended took.
    package mutating func delay(afterUptime uptime: Duration) -> Duration {
        if uptime >= Self.limit * 2 { next = .zero }
        defer { next = next == .zero ? Self.first : min(next * 2, Self.limit) }
        return next
    }

    /// Whether a container is started again.
    package static func restarts(_ policy: String, exitCode: Int) -> Bool {
        policy == "Always" || (policy == "OnFailure" && exitCode != 0)
    }
}
