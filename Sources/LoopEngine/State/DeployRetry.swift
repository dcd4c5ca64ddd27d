// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// A deploy that is due though nothing can be done about it now, and nothing is wrong with the resource: the cluster does
/// not answer, or another session is at work. Pure.
struct DeployRetry: Equatable, Sendable {
    /// What stands in the way, for a person.
    var reason: String
    /// Until the next try.
    var delay: Duration
    /// Nothing but the end of the delay, a save or a trigger starts it.
    var isWaiting = true

    /// The other session's claim is looked at no less often than this; it runs out after four times as long.
    static let longest = Duration.seconds(10)

    /// - Parameters:
    ///   - error: that the deploy ended with.
    ///   - before: the try before it; nil when that was none.
    ///   - isOneShot: such a command ends instead of waiting for another session.
    /// - Returns: nil for what another try would not mend.
    static func after(_ error: DevloopError, _ before: DeployRetry?, isOneShot: Bool) -> DeployRetry? {
        switch error.code {
        case .clusterUnreachable:
            return DeployRetry(reason: "the cluster cannot take it: \(error.message)", delay: .seconds(2))
        case .namespaceMissing where !isOneShot:
            let hint = error.hint.map { "; \($0)" } ?? ""
            return DeployRetry(reason: error.message + hint, delay: .seconds(2))
        case .workloadMissing where !isOneShot:
            return DeployRetry(reason: error.message, delay: .seconds(2))
        case .sessionBusy where !isOneShot:
            let reason = error.description
            guard let before, before.reason == reason else { return DeployRetry(reason: reason, delay: .seconds(1)) }
            return DeployRetry(reason: reason, delay: min(before.delay * 2, longest))
        default: return nil
        }
    }
}
