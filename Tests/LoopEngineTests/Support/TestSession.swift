// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import LoopEngine
import Plan
import Synchronization

/// A session between fakes: nothing is built, nothing is sent, no time passes by itself.
final class TestSession: Sendable {
    let clock = ManualClock()
    let spec: FakeSpec
    let watch: FakeWatch
    let build = FakeBuild()
    let cluster: FakeCluster
    let commands = FakeCommands()
    let forwards = FakeForwards()
    let session: Session
    let events: EventLog
    /// Log lines as `resource: text`.
    let logs: LogLines
    /// Paths that are said to be gone.
    let gone: GonePaths
    private let running = Mutex<Task<SessionEnd, Never>?>(nil)

    var connection: FakeConnection { cluster.connection }

    private init(_ plan: Plan, mode: SessionOptions.Mode, _ configure: (inout SessionOptions) -> Void) {
        spec = FakeSpec(plan)
        watch = FakeWatch(clock: clock)
        cluster = FakeCluster(FakeConnection())
        let logs = LogLines()
        let gone = GonePaths()
        self.logs = logs
        self.gone = gone
        var options = SessionOptions(
            mode: mode, root: "/project/", version: "test",
            onLog: { resource, _, _, line in logs.add("\(resource): \(String(decoding: line.bytes, as: UTF8.self))") },
            exists: { !gone.contains($0) })
        configure(&options)
        session = Session(
            options: options,
            ports: Ports(
                spec: spec, watch: watch, build: build, cluster: cluster, commands: commands, forwards: forwards,
                clock: clock.engine))
        events = EventLog(session.journal.subscribe())
    }

    /// Runs `body` beside a session and stops it afterwards.
    /// - Parameter prepare: before the session begins.
    static func run(
        _ plan: Plan, mode: SessionOptions.Mode = .up, options: (inout SessionOptions) -> Void = { _ in },
        prepare: (TestSession) -> Void = { _ in }, _ body: (TestSession) async throws -> Void
    ) async throws {
        let test = TestSession(plan, mode: mode, options)
        prepare(test)
        let session = test.session
        test.running.withLock { $0 = Task { await session.run() } }
        do {
            try await body(test)
        } catch {
            await test.stop()
            throw error
        }
        await test.stop()
    }

    /// How the session ended, once it has.
    func end() async throws -> SessionEnd {
        try await events.wait(.sessionEnded)
        guard let task = running.withLock({ $0 }) else { throw EventLog.Missing(description: "not started") }
        return await task.value
    }

    /// Ends the session as Ctrl-C does.
    @discardableResult
    func stop() async -> SessionEnd? {
        await session.stop(.interrupted, reason: "interrupted")
        let end = await running.withLock { $0 }?.value
        await events.finish()
        return end
    }

    /// Waits for a condition that no event tells.
    func until(_ what: String, _ condition: () -> Bool) async throws {
        guard await poll(every: .milliseconds(1), until: { condition() }) else {
            throw EventLog.Missing(description: "not so: \(what)")
        }
    }

    /// Brings `web` up: built, packed, applied, its Pod ready, the agent attached. The last event's number.
    @discardableResult
    func bringUp(_ digest: String = "v1") async throws -> Int {
        try await until("a build runs") { build.runningCount == 1 }
        build.succeed(["web": digest])
        try await events.wait(.objectApplied, resource: "web")
        try await events.wait("web", is: "starting")
        connection.setPods("web", [.ready("web-1", generation: connection.generation("web"))])
        let ready = try await events.wait("web", is: "ready")
        try await until("files are watched") { watch.isStarted }
        return ready.sequence
    }
}

/// Lines of logs, in order.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// Paths that do not exist.
final class GonePaths: Sendable {
    private let paths = Mutex<Set<String>>([])
    func add(_ path: String) { paths.withLock { _ = $0.insert(path) } }
    func remove(_ path: String) { paths.withLock { _ = $0.remove(path) } }
    func contains(_ path: String) -> Bool { paths.withLock { $0.contains(path) } }
}
