// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner
import Synchronization
import Testing

/// Runs the built program.
enum Devloop {
    static let program = BuiltProducts.path("devloop")

    /// Runs a command to its end.
    static func run(
        _ words: [String], in directory: String, environment: [String: String] = [:]
    ) async throws -> ProcessResult {
        try await ProcessRunner.run(command(words, directory, environment))
    }

    /// The events of a `devloop run` in the namespace.
    static func events(
        of project: Project, _ cluster: Cluster, expecting code: Int32 = 0
    ) async throws -> [JSONValue] {
        let result = try await run(
            ["run", "--ui", "json", "-n", cluster.namespace], in: project.path,
            environment: ["KUBECONFIG": cluster.kubeconfig])
        #expect(result.code == code, "\(result.errorText)\n\(result.outputText.suffix(3000))")
        return try result.events()
    }

    static func command(_ words: [String], _ directory: String, _ environment: [String: String]) -> ProcessCommand {
        var command = ProcessCommand(
            [program] + words, directory: directory, environment: .inherit(adding: environment))
        // Asked as a user would, and given the time that a clean end takes.
        command.softSignal = SIGINT
        command.grace = .seconds(30)
        return command
    }
}

extension ProcessResult {
    /// What `--ui json` has printed.
    func events() throws -> [JSONValue] {
        try outputText.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    }

    /// The exit code; 128 + n for signal n.
    var code: Int32 {
        switch status {
        case .exited(let code): code
        case .signalled(let number): 128 + number
        }
    }
}

/// A running `devloop up --ui json` whose events can be waited for.
final class LiveDevloop: Sendable {
    private struct Output {
        var events: [JSONValue] = []
        var unfinished: [UInt8] = []
        /// Lines that are no JSON objects; there must be none.
        var strange: [String] = []
        var errors: [UInt8] = []
    }

    private let channel: ProcessChannel
    private let output: OutputBox
    private let reader: Task<Void, Never>
    /// Process id of devloop itself.
    var pid: Int { channel.pid }

    private final class OutputBox: Sendable {
        let state = Mutex(Output())

        func add(_ bytes: [UInt8]) {
            state.withLock { output in
                output.unfinished += bytes
                while let end = output.unfinished.firstIndex(of: 0x0A) {
                    let line = Array(output.unfinished[..<end])
                    output.unfinished.removeSubrange(...end)
                    if let event = try? JSONValue(parsing: line), event["kind"]?.string != nil {
                        output.events.append(event)
                    } else {
                        output.strange.append(String(decoding: line, as: UTF8.self))
                    }
                }
            }
        }
    }

    private init(_ channel: ProcessChannel, _ output: OutputBox) {
        self.channel = channel
        self.output = output
        reader = Task {
            while let bytes = try? await channel.receive() { output.add(bytes) }
        }
    }

    /// A session of a project in the cluster's namespace.
    /// - Parameter words: further arguments.
    static func run(
        in directory: String, on cluster: Cluster, _ words: [String] = [], _ body: (LiveDevloop) async throws -> Void
    ) async throws {
        try await run(
            ["-n", cluster.namespace] + words, in: directory, environment: ["KUBECONFIG": cluster.kubeconfig], body)
    }

    /// Starts a session, runs `body` beside it, and ends the session in any case.
    /// - Parameter words: arguments after `up --ui json`.
    static func run(
        _ words: [String], in directory: String, environment: [String: String] = [:],
        _ body: (LiveDevloop) async throws -> Void
    ) async throws {
        let output = OutputBox()
        let command = Devloop.command(["up", "--ui", "json"] + words, directory, environment)
        let channel = try await ProcessRunner.open(command) { bytes in
            output.state.withLock { $0.errors += bytes }
        }
        let live = LiveDevloop(channel, output)
        do {
            try await body(live)
        } catch {
            await channel.close()
            throw error
        }
        await channel.close()
    }

    var events: [JSONValue] { output.state.withLock(\.events) }
    /// The events without the lines of logs, for a person who asks what went wrong.
    var story: [JSONValue] { events.filter { $0["kind"] != "log.written" } }
    var hasEnded: Bool { events.last?["kind"]?.string == "session.ended" }
    var strangeLines: [String] { output.state.withLock(\.strange) }
    var errorText: String { output.state.withLock { String(decoding: $0.errors, as: UTF8.self) } }
    /// Number of the newest event.
    var last: Int { events.last?["seq"]?.int ?? 0 }

    /// Events of a kind, of one save, after a number.
    func all(_ kind: String, save: Int? = nil, resource: String? = nil, after: Int = 0) -> [JSONValue] {
        events.filter { event in
            event["kind"]?.string == kind && event["seq"]?.int ?? 0 > after
                && (save == nil || event["save"]?.int == save)
                && (resource == nil || event["resource"]?.string == resource)
        }
    }

    /// Waits for an event.
    @discardableResult
    func wait(
        _ kind: String, resource: String? = nil, after: Int = 0, deadline: Duration = .seconds(60),
        where matches: (JSONValue) -> Bool = { _ in true }
    ) async throws -> JSONValue {
        var found: JSONValue?
        let isThere = await poll(deadline: deadline) {
            found = all(kind, resource: resource, after: after).first(where: matches)
            return found != nil
        }
        guard isThere, let found else {
            let tail = story.suffix(40).map(\.jsonText).joined(separator: "\n")
            throw DevloopError(
                .process,
                "no \(kind) of \(resource ?? "any") after \(after) within \(deadline); the last events:\n"
                    + "\(tail)\nstandard error: \(errorText)")
        }
        return found
    }

    /// Waits until a resource is told to be in a state.
    @discardableResult
    func wait(
        _ resource: String, is state: String, after: Int = 0, deadline: Duration = .seconds(60)
    ) async throws -> JSONValue {
        try await wait("resource.changed", resource: resource, after: after, deadline: deadline) {
            $0["state"]?.string == state
        }
    }

    /// Ctrl-C, and the status that the program ends with.
    func interrupt() async -> ProcessStatus {
        Glibc.kill(pid_t(pid), SIGINT)
        let status = await channel.wait()
        await reader.value
        return status
    }

    /// SIGKILL, and the status that the program ends with.
    func kill() async -> ProcessStatus {
        Glibc.kill(pid_t(pid), SIGKILL)
        let status = await channel.wait()
        await reader.value
        return status
    }

    /// The process and everything that it has started, directly or not.
    func family() -> [Int] {
        var found = [pid]
        let parents = LiveProcesses.parents()
        var index = 0
        while index < found.count {
            found += parents.filter { $0.value == found[index] }.map(\.key)
            index += 1
        }
        return found
    }
}

extension LiveProcesses {
    /// Parent of each process.
    static func parents() -> [Int: Int] {
        LiveProcesses.matching("").reduce(into: [:]) { parents, pid in
            guard let text = try? TestFiles.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return }
            let fields = text[text.index(after: end)...].split(separator: " ")
            if fields.count > 1 { parents[pid] = Int(fields[1]) }
        }
    }
}
