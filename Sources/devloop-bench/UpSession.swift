// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import ProcessRunner

/// A running `devloop up --ui json`.
final class UpSession: Sendable {
    let inbox: EventInbox
    private let channel: ProcessChannel
    private let errors: ErrorText

    /// A session in a namespace of the cluster.
    static func run<Result>(
        _ context: BenchContext, resource: String, spec: String, directory: String, namespace: String,
        _ body: (UpSession) async throws -> Result
    ) async throws -> Result {
        try await run(
            context, resource: resource, spec: spec, directory: directory, words: ["-n", namespace], body)
    }

    /// Runs `body` beside a session whose resource is ready, and ends the session in any case.
    /// - Parameter words: further arguments.
    static func run<Result>(
        _ context: BenchContext, resource: String, spec: String, directory: String, words: [String],
        _ body: (UpSession) async throws -> Result
    ) async throws -> Result {
        let session = try await UpSession(
            context, resource: resource, spec: spec, directory: directory, words: words)
        do {
            let result = try await body(session)
            await session.stop()
            return result
        } catch {
            await session.stop()
            throw error
        }
    }

    /// Starts it and waits until the resource is ready.
    private init(
        _ context: BenchContext, resource: String, spec: String, directory: String, words: [String]
    ) async throws {
        let (errors, inbox) = (ErrorText(), EventInbox())
        self.errors = errors
        self.inbox = inbox
        channel = try await ProcessRunner.open(
            ProcessCommand(
                [context.program, "up", "--ui", "json", "-f", spec] + words, directory: directory,
                environment: .exact(context.environment))
        ) { errors.add($0) }
        let channel = channel
        // Ends when the program does, and `stop` ends the program.
        Task.detached {
            while let bytes = try? await channel.receive() { inbox.add(bytes) }
            inbox.close()
        }
        try await until("\(spec) is up", .seconds(900)) {
            guard !inbox.isClosed else { throw BenchFailure("devloop up ended: \(errors.text)") }
            let states = inbox.events("resource.changed").filter { $0["resource"]?.string == resource }
            if let failed = states.last, failed["state"]?.string == "failed" {
                throw BenchFailure("devloop up: \(failed["reason"]?.string ?? "failed")")
            }
            return states.contains { $0["state"]?.string == "ready" }
        }
    }

    /// The stages of the save that was served after this index; nil when none comes within ten seconds.
    func served(since index: Int, deadline: Duration = .seconds(10)) async throws -> JSONValue? {
        try await arrival(since: index, deadline: deadline)?.event
    }

    /// The same with the moment at which it was told.
    func arrival(
        since index: Int, deadline: Duration = .seconds(10)
    ) async throws -> (event: JSONValue, at: ContinuousClock.Instant)? {
        let end = ContinuousClock.now + deadline
        while ContinuousClock.now < end {
            if let found = inbox.arrivals("save.served", since: index).last { return found }
            try await Task.sleep(for: .milliseconds(5))
        }
        return nil
    }

    /// Of the program.
    var pid: Int { channel.pid }

    /// Ctrl-C, and the end of it.
    func stop() async {
        if !inbox.isClosed { kill(pid_t(pid), SIGINT) }
        let end = ContinuousClock.now + .seconds(10)
        while !inbox.isClosed, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(20)) }
        await channel.close()
    }
}
