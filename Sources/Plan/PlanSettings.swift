// SPDX-License-Identifier: Apache-2.0

/// What the spec says about the session as a whole.
package struct PlanSettings: Sendable, Equatable {
    /// The name by which sessions of this Devloopfile know each other in a namespace.
    package var project = ""
    /// Context names that `allow_k8s_contexts` adds to the local ones.
    package var allowedContexts: [String] = []
    /// `image_loader(command)`: reads one image archive on its standard input; replaces detection (design §4.4).
    package var imageLoader: Command?
    package var defaultRegistry: DefaultRegistry?
    /// `update_settings(max_parallel_updates)`: resources that update at the same time. Tilt's default is 3.
    package var maximumParallelUpdates = 3
    /// `ci_settings(timeout)`: seconds for the whole headless run; 30 minutes unless said.
    package var ciTimeout: Double = 1800
    /// `ci_settings(readiness_timeout)`: seconds for one resource to become ready; 5 minutes unless said.
    package var ciReadinessTimeout: Double = 300
    /// `ci_settings(k8s_grace_period)`: seconds after the last deploy in which a failing Pod is no failure of the run.
    package var ciGracePeriod: Double = 0
    /// `update_settings(k8s_upsert_timeout_secs)`: seconds for applying one object; 30 unless said.
    package var applyTimeout: Double = 30
    /// `watch_settings(ignore)`: what is no change anywhere.
    package var watchIgnored = PathFilter()
    /// `watch_settings(settle)`: seconds without an event after which a save is complete; 10 ms unless said.
    package var settle: Double = 0.010
    /// `watch_settings(settle_limit)`: seconds after its first event at which a save is complete at the latest; 150 ms
    /// unless said.
    package var settleLimit: Double = 0.150
    /// `secret_settings(disable_scrub)`: whether values of Secrets are taken out of logs and events.
    package var scrubsSecrets = true
    /// `config.set_enabled_resources`: the names that start with the session; nil means all.
    package var enabledResources: [String]?
    /// `uibutton`: commands that the dashboard offers under keys.
    package var buttons: [Button] = []

    package init() {}
}

/// `default_registry(host, host_from_cluster, single_name)`.
package struct DefaultRegistry: Sendable, Equatable {
    /// Where this machine pushes to, `host[:port][/path]`.
    package var host: String
    /// The same registry as the node sees it; nil when it has the same name there.
    package var hostFromCluster: String?
    /// All images under this one name, told apart by tag; empty when each keeps its own.
    package var singleName: String

    package init(host: String, hostFromCluster: String? = nil, singleName: String = "") {
        self.host = host
        self.hostFromCluster = hostFromCluster
        self.singleName = singleName
    }
}

/// A command that a person starts from the dashboard: what the extension `uibutton` makes.
package struct Button: Sendable, Equatable {
    package var name: String
    /// Resource that it belongs to; nil for the session.
    package var resource: String?
    package var text: String
    package var command: Command

    package init(name: String, resource: String?, text: String, command: Command) {
        self.name = name
        self.resource = resource
        self.text = text
        self.command = command
    }
}

/// A command that the user wrote, ready to be executed.
package struct Command: Sendable, Equatable {
    /// Program and arguments. A string in the spec becomes `["sh", "-c", text]`, as in Tilt; a list stays as it is.
    package var arguments: [String]
    /// Absolute working directory.
    package var directory: String
    /// Variables added to the environment.
    package var environment: [String: String]
    /// Variables taken out of it.
    package var unset: Set<String> = []

    package init(arguments: [String], directory: String, environment: [String: String] = [:]) {
        self.arguments = arguments
        self.directory = directory
        self.environment = environment
    }
}
