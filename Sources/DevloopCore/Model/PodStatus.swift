// SPDX-License-Identifier: Apache-2.0

/// A Pod as the session sees it: what is true, what is wrong and what to do, taken from the API object.
package struct PodStatus: Sendable, Equatable {
    /// What a person should believe about the Pod. Container states are judged before the phase (design D12).
    package enum Verdict: Sendable, Equatable {
        /// All containers ready.
        case ready
        /// On its way; the text says to what.
        case starting(String)
        /// Ran to its end with success.
        case succeeded
        /// Something is wrong that will not mend by waiting.
        case failing(Failure)
    }

    /// Why a Pod is not well.
    package struct Failure: Sendable, Equatable {
        /// Kubernetes' word where it has one: `CrashLoopBackOff`, `ErrImagePull`, `OOMKilled`, `Unschedulable`; those of
        /// init containers with `Init:` before it. `docs/problems.md` lists them.
        package var code: String
        package var container: String?
        package var exitCode: Int?
        /// How often the container was started again; nil where it is about no container.
        package var restarts: Int?
        package var message: String
        package var hint: String?
        /// True where the cluster itself keeps trying and may succeed (image pulls, scheduling).
        package var mayHeal: Bool

        package init(
            code: String, container: String? = nil, exitCode: Int? = nil, restarts: Int? = nil, message: String,
            hint: String? = nil, mayHeal: Bool = false
        ) {
            self.code = code
            self.container = container
            self.exitCode = exitCode
            self.restarts = restarts
            self.message = message
            self.hint = hint
            self.mayHeal = mayHeal
        }

        /// It ends again and again.
        package var isCrashLoop: Bool { code.hasSuffix("CrashLoopBackOff") }
    }

    package struct Container: Sendable, Equatable {
        package enum Role: Sendable { case app, initial, ephemeral }

        package var name: String
        /// Runtime id; a new one means a new process tree and a fresh file system. Empty until it was created.
        package var id: String
        package var isRunning: Bool
        package var isReady: Bool
        package var restarts: Int
        package var role: Role
        /// Runtime id of the run before, whose log may still be there; nil for the first run.
        package var previous: String?
        /// Name of its image, as the Pod's specification has it.
        package var image: String
        /// Where the agent is that runs it; nil when none does.
        package var agent: String?
        /// Declared ports with their names.
        package var ports: [(name: String, port: Int)]

        package init(
            name: String, id: String, isRunning: Bool, isReady: Bool, restarts: Int, role: Role,
            previous: String? = nil, ports: [(name: String, port: Int)] = [], image: String = "", agent: String? = nil
        ) {
            self.name = name
            self.id = id
            self.isRunning = isRunning
            self.isReady = isReady
            self.restarts = restarts
            self.role = role
            self.previous = previous
            self.ports = ports
            self.image = image
            self.agent = agent
        }

        package static func == (left: Container, right: Container) -> Bool {
            left.name == right.name && left.id == right.id && left.isRunning == right.isRunning
                && left.isReady == right.isReady && left.restarts == right.restarts && left.role == right.role
                && left.previous == right.previous
        }
    }

    package var name: String
    package var namespace: String
    package var uid: String
    /// RFC 3339 in UTC; sorts as text.
    package var created: String
    /// Deletion was asked for; the Pod no longer counts.
    package var isTerminating: Bool
    package var labels: [String: String]
    /// `pod-template-hash` of a Deployment's Pods, which tells one rollout from the next.
    package var templateHash: String?
    /// Value of the annotation that carries the generation of our apply; nil for Pods that we did not render.
    package var generation: String?
    package var containers: [Container]
    package var verdict: Verdict
    /// The word that is shown: `Running`, `CrashLoopBackOff`, `ContainerCreating`, `Pending`.
    package var word: String
    /// Whether "ready" was found out by checks: false where a container has none, and so is ready as soon as it runs.
    package var isProven: Bool
    /// Since when the verdict holds, RFC 3339 in UTC; the server's clock. Nil when no object tells.
    package var since: String?

    package init(
        name: String, namespace: String, uid: String, created: String, isTerminating: Bool, labels: [String: String],
        templateHash: String?, generation: String?, containers: [Container], verdict: Verdict, word: String,
        since: String? = nil, isProven: Bool = true
    ) {
        self.name = name
        self.namespace = namespace
        self.uid = uid
        self.created = created
        self.isTerminating = isTerminating
        self.labels = labels
        self.templateHash = templateHash
        self.generation = generation
        self.containers = containers
        self.verdict = verdict
        self.word = word
        self.since = since
        self.isProven = isProven
    }

    package var restarts: Int { containers.filter { $0.role == .app }.map(\.restarts).reduce(0, +) }
    package var isReady: Bool { verdict == .ready }
    package var failure: Failure? { if case .failing(let failure) = verdict { failure } else { nil } }
}
