// SPDX-License-Identifier: Apache-2.0

/// A workload as the session sees it: whether its controller has done what was asked, taken from the API object.
package struct WorkloadStatus: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// All the Pods that were asked for are there and available.
        case ready
        /// On its way; the text says to what.
        case progressing(String)
        /// A Job that has done its work.
        case complete
        case failing(PodStatus.Failure)
    }

    /// `Deployment`.
    package var kind: String
    package var name: String
    package var namespace: String
    package var uid: String
    /// The mark of the apply that its Pods are made by; nil for a workload that devloop did not render.
    package var generation: String?
    /// The version of the object's specification that the verdict is about; the server counts them.
    package var version: Int?
    package var verdict: Verdict
    /// Since when the verdict holds, RFC 3339 in UTC; the server's clock. Nil when the object does not tell.
    package var since: String?

    package init(
        kind: String, name: String, namespace: String, uid: String, generation: String?, verdict: Verdict,
        since: String? = nil, version: Int? = nil
    ) {
        self.kind = kind
        self.name = name
        self.namespace = namespace
        self.uid = uid
        self.generation = generation
        self.verdict = verdict
        self.since = since
        self.version = version
    }

    /// `deployment/web`.
    package var title: String { "\(kind.lowercased())/\(name)" }

    /// What it waits for, with its name; nil when it is not on its way.
    package var progress: String? {
        if case .progressing(let what) = verdict { "\(title): \(what)" } else { nil }
    }

    package var failure: PodStatus.Failure? {
        if case .failing(let failure) = verdict { failure } else { nil }
    }
}
