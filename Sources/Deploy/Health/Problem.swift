// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// A kind of trouble that a Pod or a workload can be in. What is special about one case stands in its message; this is
/// what all cases of the kind share, and what `docs/problems.md` is made from.
package struct Problem: Sendable, Hashable {
    /// Kubernetes' own word where it has one; what `pod.changed` and the reports carry.
    package let code: String
    /// What has happened, in one sentence.
    package let meaning: String
    /// What to look at first.
    package let hint: String
    /// What of the objects it is told by.
    package let source: String
    /// Whether Kubernetes keeps trying and may succeed: `run` and `ci` wait for that up to their timeouts, and end at
    /// once on all others.
    package let mayHeal: Bool

    init(_ code: String, _ meaning: String, hint: String, source: String, mayHeal: Bool = false) {
        self.code = code
        self.meaning = meaning
        self.hint = hint
        self.source = source
        self.mayHeal = mayHeal
    }

    /// Put before the code of a trouble that an init container is in, as kubectl does.
    package static let initPrefix = "Init:"

    /// - Parameter code: with or without the prefix of init containers.
    package static func find(_ code: String) -> Problem? {
        let code = code.hasPrefix(initPrefix) ? String(code.dropFirst(initPrefix.utf8.count)) : code
        return catalogue.first { $0.code == code }
    }

    /// One case of it that is about no single container.
    func failure(_ message: String) -> PodStatus.Failure {
        PodStatus.Failure(code: code, message: message, hint: hint, mayHeal: mayHeal)
    }

    /// The section of `docs/problems.md` on a code: `crashloopbackoff`.
    package var anchor: String { code.lowercased() }
}
