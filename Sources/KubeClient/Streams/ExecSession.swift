// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
import Synchronization

/// How a command in a container ended.
package enum ExecStatus: Sendable, Equatable {
    case exited(Int)
    /// It was not started, or its end is not known; the server's words.
    case failed(String)
}

/// A running command in a container; as a channel, its standard input and output.
///
/// Output is pulled: while nobody receives, the container is made to wait, and standard error and the exit status are
/// not noticed either. An exec stream can live for hours; pings keep it open.
package final class ExecSession: ByteChannel {
    /// Bytes of standard error that are kept.
    private static let stderrLimit = 64 << 10
    /// Standard input goes out in messages of this size: the kubelet takes each whole.
    private static let messageSize = 32 << 10

    private enum Channel {
        static let stdin: UInt8 = 0
        static let stdout: UInt8 = 1
        static let stderr: UInt8 = 2
        static let status: UInt8 = 3
        /// v5 only: closes the channel named by the next byte.
        static let close: UInt8 = 255
    }

    private struct State {
        var stderr: [UInt8] = []
        var status: ExecStatus?
        var isClosed = false
    }

    private let socket: WebSocket
    private let keepAlive: KeepAlive
    private let state = Mutex(State())

    init(_ socket: WebSocket) {
        self.socket = socket
        keepAlive = KeepAlive(socket)
    }

    /// The end of standard input can be told (protocol v5, Kubernetes 1.30 and later).
    package var canCloseInput: Bool { socket.subprotocol == "v5.channel.k8s.io" }

    /// The end of what the command wrote to standard error so far, at most 64 KiB.
    package var standardError: [UInt8] { state.withLock { $0.stderr } }

    /// Known once ``receive()`` has returned nil; nil when the stream was closed before the command ended.
    package var status: ExecStatus? { state.withLock { $0.status } }

    package func send(_ bytes: [UInt8]) async throws {
        try await socket.send(bytes, head: [Channel.stdin], size: Self.messageSize)
    }

    /// Tells the command that its input has ended.
    /// - Returns: False when the server cannot be told.
    package func closeInput() async throws -> Bool {
        guard canCloseInput else { return false }
        try await socket.send([Channel.close, Channel.stdin])
        return true
    }

    /// What a command wrote next.
    package enum Output: Sendable, Equatable {
        case stdout([UInt8])
        case stderr([UInt8])
    }

    /// The next bytes of either stream; nil when the command has ended.
    /// - Throws: `DevloopError` when the connection breaks before the end of the command is known.
    package func receiveOutput() async throws -> Output? {
        while true {
            let message: [UInt8]?
            do {
                message = try await socket.receive()
            } catch {
                // After the status nothing is missing.
                if status != nil, !(error is CancellationError) { return nil }
                throw error
            }
            guard let message else {
                if status == nil, !state.withLock({ $0.isClosed }) {
                    throw DevloopError(
                        .clusterUnreachable, "the exec stream ended before the command did",
                        cause: HTTPFailure(kind: .interrupted))
                }
                return nil
            }
            guard let channel = message.first, message.count > 1 else { continue }
            let bytes = Array(message.dropFirst())
            switch channel {
            case Channel.stdout: return .stdout(bytes)
            case Channel.stderr:
                state.withLock { state in
                    state.stderr += bytes
                    if state.stderr.count > Self.stderrLimit {
                        state.stderr.removeFirst(state.stderr.count - Self.stderrLimit)
                    }
                }
                return .stderr(bytes)
            case Channel.status: state.withLock { $0.status = Self.status(bytes) }
            default: continue
            }
        }
    }

    /// The next bytes of standard output; nil when the command has ended. Standard error is kept in ``standardError``.
    package func receive() async throws -> [UInt8]? {
        while let output = try await receiveOutput() {
            if case .stdout(let bytes) = output { return bytes }
        }
        return nil
    }

    package func close() async {
        state.withLock { $0.isClosed = true }
        keepAlive.stop()
        await socket.close()
    }

    /// Reads the `Status` object that ends a session.
    static func status(_ bytes: [UInt8]) -> ExecStatus {
        guard let value = try? JSONValue(parsing: bytes) else {
            return .failed(String(decoding: bytes.prefix(1_000), as: UTF8.self))
        }
        if value["status"]?.string == "Success" { return .exited(0) }
        let causes = value.at("details", "causes")?.array ?? []
        let code = causes.first { $0["reason"]?.string == "ExitCode" }?["message"]?.string
        if let code = code.flatMap({ Int($0) }) { return .exited(code) }
        return .failed(value["message"]?.string ?? "the server gave no reason")
    }
}

/// What a command that ran to its end has left.
package struct ExecResult: Sendable {
    package var status: ExecStatus
    package var stdout: [UInt8]
    package var stderr: [UInt8]

    package init(status: ExecStatus, stdout: [UInt8] = [], stderr: [UInt8] = []) {
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
    }
}

extension KubeClient {
    /// Starts a command in a running container.
    /// - Parameters:
    ///   - command: The program and its arguments; no shell is involved.
    ///   - timeout: Limit for opening the stream.
    /// - Throws: `DevloopError`: the server's refusal, or no connection. A program that cannot be started is told by the
    ///   session's ``ExecSession/status``.
    package func exec(
        namespace: String, pod: String, container: String, command: [String], stdin: Bool = true, tty: Bool = false,
        timeout: Duration = .seconds(10)
    ) async throws -> ExecSession {
        var query = [("container", container), ("stdout", "true"), ("stderr", tty ? "false" : "true")]
        if stdin { query.append(("stdin", "true")) }
        if tty { query.append(("tty", "true")) }
        query += command.map { ("command", $0) }
        let call = Call(
            APIResource.pods.path(namespace: namespace, name: pod, subresource: "exec"), query: query,
            what: "exec in '\(pod)/\(container)' in '\(namespace)'")
        return ExecSession(
            try await webSocket(call, subprotocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"], timeout: timeout))
    }

    /// Runs a command without input to its end.
    /// - Parameter outputLimit: Bytes of standard output; a command that writes more is left.
    package func execute(
        namespace: String, pod: String, container: String, command: [String], outputLimit: Int = 16 << 20
    ) async throws -> ExecResult {
        let session = try await exec(
            namespace: namespace, pod: pod, container: container, command: command, stdin: false)
        var output: [UInt8] = []
        do {
            while let bytes = try await session.receive() {
                output += bytes
                guard output.count <= outputLimit else {
                    throw DevloopError(.process, "'\(command.first ?? "")' wrote more than \(outputLimit) bytes")
                }
            }
        } catch {
            await session.close()
            throw error
        }
        await session.close()
        return ExecResult(
            status: session.status ?? .failed("the stream ended early"), stdout: output, stderr: session.standardError)
    }
}
