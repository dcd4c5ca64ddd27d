// SPDX-License-Identifier: Apache-2.0

package import Plan

/// What a row of attempts of a probe means; Kubernetes' rule: so many in a row turn the state.
package struct ProbeRecord: Sendable {
    package enum Verdict: Sendable { case ready, notReady, open }

    private let probe: Probe
    private var successes = 0
    private var failures = 0

    package init(_ probe: Probe) { self.probe = probe }

    package mutating func note(isSuccess: Bool) -> Verdict {
        successes = isSuccess ? successes + 1 : 0
        failures = isSuccess ? 0 : failures + 1
        if successes >= probe.successThreshold { return .ready }
        return failures >= probe.failureThreshold ? .notReady : .open
    }
}
