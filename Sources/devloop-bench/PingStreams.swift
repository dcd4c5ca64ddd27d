// SPDX-License-Identifier: Apache-2.0

import KubeClient
import SyncProtocol

/// Exec streams to agents that only pings go through: what API server, kubelet, containerd and the processes in the
/// containers take for one message in each direction, whatever devloop does.
final class PingStreams: Sendable {
    private let streams: [ExecSession]
    private let crc = CRC32()

    init(_ cluster: BenchCluster, namespace: String) async throws {
        var streams: [ExecSession] = []
        for pod in try await cluster.pods(namespace) {
            streams.append(
                try await cluster.client.exec(
                    namespace: namespace, pod: pod.name, container: "tiny", command: ["/devloop/agent", "attach"]))
        }
        self.streams = streams
    }

    /// Milliseconds until all of the first so many have answered.
    func ping(_ count: Int) async throws -> Double {
        let start = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            for stream in streams.prefix(count) { group.addTask { try await self.ping(stream) } }
        }
        return (ContinuousClock.now - start).inMilliseconds
    }

    private func ping(_ stream: ExecSession) async throws {
        try await stream.send(Message.ping(1).frame(id: Frame.questionID(1)).encoded(using: crc))
        var decoder = FrameDecoder(crc: crc)
        while let bytes = try await stream.receive() {
            decoder.append(bytes)
            if case .frame(let frame)? = try decoder.next(), case .pong? = Message(frame) { return }
        }
        throw BenchFailure("an agent has not answered a ping")
    }

    func close() async { for stream in streams { await stream.close() } }
}
