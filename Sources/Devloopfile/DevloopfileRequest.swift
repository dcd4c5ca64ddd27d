// SPDX-License-Identifier: Apache-2.0

/// What the evaluation of a spec is told.
package struct DevloopfileRequest: Sendable {
    /// What the session is for; `config.tilt_subcommand` tells the spec.
    package enum Mode: String, Sendable { case up, ci, run, down, plan }

    /// The spec's path when the user named one; relative to ``directory``.
    package var file: String?
    /// Absolute directory in which the search starts; it goes up from there, `Devloopfile` before `Tiltfile` in each.
    /// Places in messages are relative to it.
    package var directory: String
    /// What the user wrote after `--`.
    package var arguments: [String]
    /// The kubeconfig's current context; nil when there is none or none is wanted. `local()` runs without a context, as
    /// in Tilt, and with a local or allowed one.
    package var context: KubernetesContext?
    package var mode: Mode
    package var clock: SpecClock

    package init(
        file: String? = nil, directory: String, arguments: [String] = [], context: KubernetesContext? = nil,
        mode: Mode = .up, clock: SpecClock = .continuous
    ) {
        self.file = file
        self.directory = directory
        self.arguments = arguments
        self.context = context
        self.mode = mode
        self.clock = clock
    }
}

/// The part of a kubeconfig context that a spec may ask for.
package struct KubernetesContext: Sendable, Equatable {
    package var name: String
    package var namespace: String
    /// Whether it is a local cluster, which needs no permission.
    package var isLocal: Bool

    package init(name: String, namespace: String = "default", isLocal: Bool) {
        self.name = name
        self.namespace = namespace
        self.isLocal = isLocal
    }
}

/// The time of an evaluation.
package struct SpecClock: Sendable {
    package var now: @Sendable () -> ContinuousClock.Instant
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's.
    package static let continuous = SpecClock(now: { .now }, sleep: { try await Task.sleep(for: $0) })
}
