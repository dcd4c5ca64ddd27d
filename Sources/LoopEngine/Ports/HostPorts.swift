// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// Runs commands of the spec on this machine, each in a process group of its own.
package protocol CommandPort: Sendable {
    /// Runs to the end; cancelling the task ends the whole group.
    /// - Returns: the exit code, 128 + n for signal n.
    func run(_ command: Command, onLine: @escaping @Sendable (String) -> Void) async throws -> Int
    /// One attempt of a readiness probe.
    /// - Returns: what is wrong; nil when it succeeded.
    func probe(_ action: Probe.Action, directory: String, timeout: Duration) async -> String?
}

/// Local listeners whose connections lead to a Pod.
package protocol ForwardPort: Sendable {
    /// Listens on a loopback port; each accepted connection calls `dial`.
    /// - Throws: `DevloopError` with code portInUse.
    func open(
        host: String, port: Int, policy: PortForward.BusyPolicy,
        dial: @escaping @Sendable () async throws -> any ByteChannel
    ) async throws -> any OpenForward
}

package protocol OpenForward: Sendable {
    /// The port that is really listened on.
    var port: Int { get }
    func close() async
}

/// All that the engine needs from outside.
package struct Ports: Sendable {
    package var spec: any SpecPort
    package var watch: any WatchPort
    package var build: any BuildPort
    package var cluster: any ClusterPort
    package var commands: any CommandPort
    package var forwards: any ForwardPort
    package var clock: EngineClock

    package init(
        spec: any SpecPort, watch: any WatchPort, build: any BuildPort, cluster: any ClusterPort,
        commands: any CommandPort, forwards: any ForwardPort, clock: EngineClock
    ) {
        self.spec = spec
        self.watch = watch
        self.build = build
        self.cluster = cluster
        self.commands = commands
        self.forwards = forwards
        self.clock = clock
    }
}
