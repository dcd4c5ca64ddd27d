// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ImagePack
import KubeClient

/// Runs programs of an image in one of its running containers; no shell is involved.
protocol ContainerCommands: Sendable {
    /// `POD/CONTAINER`, for messages.
    var place: String { get }
    /// Runs a program without input to its end.
    func run(_ command: [String]) async throws -> ExecResult
    /// Runs a program that reads its standard input, until it ends or has written a line with this end: that its input has
    /// ended cannot be told to it on every server.
    func feed(_ command: [String], _ input: ByteSource, until end: String) async throws -> ExecResult
}

/// Commands by the exec stream of the cluster.
struct PodCommands: ContainerCommands {
    let client: KubeClient
    let namespace: String
    let pod: String
    let container: String

    var place: String { "\(pod)/\(container)" }

    func run(_ command: [String]) async throws -> ExecResult {
        try await client.execute(namespace: namespace, pod: pod, container: container, command: command)
    }

    func feed(_ command: [String], _ input: ByteSource, until end: String) async throws -> ExecResult {
        let session = try await client.exec(namespace: namespace, pod: pod, container: container, command: command)
        do {
            let result = try await withThrowingTaskGroup(of: ExecResult?.self) { group in
                // A program that ends early takes no more input: why is what it wrote, and a stream that has broken
                // is told by whoever reads.
                group.addTask {
                    let reader = ByteSourceReader(input)
                    while let bytes = try reader.next() {
                        do { try await session.send(bytes) } catch { return nil }
                    }
                    return nil
                }
                group.addTask { try await Self.read(session, until: end) }
                while let finished = try await group.next() {
                    guard let result = finished else { continue }
                    group.cancelAll()
                    return result
                }
                throw DevloopError(.sync, "the exec stream ended early")
            }
            await session.close()
            return result
        } catch {
            await session.close()
            throw error
        }
    }

    private static func read(_ session: ExecSession, until end: String) async throws -> ExecResult {
        var output = LineTail()
        while let bytes = try await session.receive() {
            output.add(bytes)
            if output.hasLine(endingWith: end) {
                return ExecResult(status: .exited(0), stdout: output.bytes, stderr: session.standardError)
            }
        }
        return ExecResult(
            status: session.status ?? .failed("the stream ended early"), stdout: output.bytes,
            stderr: session.standardError)
    }
}

/// The end of what a program writes.
struct LineTail {
    private(set) var bytes: [UInt8] = []
    /// Longer than any path.
    private static let limit = 16 << 10

    mutating func add(_ more: [UInt8]) {
        bytes += more
        if bytes.count > Self.limit { bytes.removeFirst(bytes.count - Self.limit) }
    }

    func hasLine(endingWith end: String) -> Bool {
        bytes.split(separator: 0x0A).contains { $0.reversed().starts(with: end.utf8.reversed()) }
    }
}
