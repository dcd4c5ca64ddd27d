// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import DevloopTestSupport
import Glibc
import HTTPTransport
import ProcessRunner
import Testing

/// A real Docker Engine (Debian's docker.io) with storage and sockets of its own.
final class EngineDaemon: Sendable {
    /// Of the suite that runs.
    @TaskLocal static var current: EngineDaemon?

    let folder: TemporaryDirectory
    let endpoint: EngineEndpoint
    private let task: Task<ProcessStatus, any Error>

    /// - Parameter listen: more words for `dockerd`.
    init(folder: TemporaryDirectory, endpoint: EngineEndpoint, listen: [String]) async throws {
        self.folder = folder
        self.endpoint = endpoint
        var command = ProcessCommand(
            [
                "dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver", "vfs",
                "--data-root", folder("data"), "--exec-root", folder("exec"), "--pidfile", folder("pid"),
            ] + listen)
        command.grace = .seconds(10)
        let daemon = command
        let log = Log()
        task = Task {
            try await ProcessRunner.stream(daemon) { _, bytes in log.add(bytes) }
        }
        let client = try EngineClient(endpoint)
        let isUp = await poll(deadline: .seconds(30), every: .milliseconds(100)) {
            (try? await client.connect()) != nil || task.isCancelled
        }
        guard isUp else {
            task.cancel()
            throw DevloopError(.process, "dockerd did not start: \(log.text)")
        }
    }

    /// One that listens on a Unix socket in its folder.
    static func start() async throws -> EngineDaemon {
        let folder = try TemporaryDirectory("engine")
        let socket = folder("docker.sock")
        return try await EngineDaemon(
            folder: folder, endpoint: EngineEndpoint(.unix(socket), source: "the test"),
            listen: ["-H", "unix://\(socket)"])
    }

    /// Ends it and all that it has started.
    func stop() async {
        task.cancel()
        _ = try? await task.value
    }

    /// Ends it as a crash would.
    func kill() throws {
        let text = try TestFiles.read(folder("pid"))
        guard let pid = pid_t(text.prefix { $0.isNumber }), Glibc.kill(pid, SIGKILL) == 0 else {
            throw DevloopError(.process, "dockerd is not running")
        }
    }

    func client() throws -> EngineClient { try EngineClient(endpoint) }
    func builder() throws -> EngineBuilder { EngineBuilder(try client(), environment: [:]) }

    private final class Log: Sendable {
        private let bytes = Protected([UInt8]())
        func add(_ more: [UInt8]) { bytes.change { $0 += more } }
        var text: String { String(decoding: bytes.value.suffix(2000), as: UTF8.self) }
    }
}

/// Gives a suite one engine, which ends with it.
struct WithEngine: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let daemon = try await EngineDaemon.start()
        do {
            try await EngineDaemon.$current.withValue(daemon) { try await function() }
        } catch {
            await daemon.stop()
            throw error
        }
        await daemon.stop()
    }
}

extension Trait where Self == WithEngine {
    static var engine: WithEngine { WithEngine() }
}
