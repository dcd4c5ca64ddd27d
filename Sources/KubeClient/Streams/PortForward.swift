// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
import Synchronization

/// One connection to a port of a Pod, through the API server.
package final class PortForwardConnection: ByteChannel {
    private static let messageSize = 32 << 10

    private enum Channel {
        static let data: UInt8 = 0
        static let error: UInt8 = 1
    }

    private let socket: WebSocket
    private let keepAlive: KeepAlive
    private let port: Int
    /// The first two bytes of each channel repeat the port.
    private let prefixes = Mutex([0, 0])

    init(_ socket: WebSocket, port: Int) {
        self.socket = socket
        self.port = port
        keepAlive = KeepAlive(socket)
    }

    package func send(_ bytes: [UInt8]) async throws {
        try await socket.send(bytes, head: [Channel.data], size: Self.messageSize)
    }

    /// - Throws: `DevloopError` also when the server reports that the Pod's side failed: `unhealthy` when nobody listens
    ///   on the port, so that no byte of ours has reached anybody.
    package func receive() async throws -> [UInt8]? {
        while let message = try await socket.receive() {
            guard let channel = message.first, channel <= Channel.error else { continue }
            var bytes = message.dropFirst()
            prefixes.withLock { prefixes in
                let count = min(2 - prefixes[Int(channel)], bytes.count)
                prefixes[Int(channel)] += count
                bytes = bytes.dropFirst(count)
            }
            guard !bytes.isEmpty else { continue }
            if channel == Channel.data { return Array(bytes) }
            let text = String(decoding: bytes.prefix(1_000), as: UTF8.self)
            // The kubelet gives words only; these are the system's.
            let isRefused = text.contains("onnection refused")
            throw DevloopError(
                isRefused ? .unhealthy : .clusterUnreachable, "port \(port): \(text)",
                hint: "check that the container listens on port \(port)",
                cause: HTTPFailure(kind: isRefused ? .connect : .interrupted))
        }
        return nil
    }

    package func close() async {
        keepAlive.stop()
        await socket.close()
    }
}

extension KubeClient {
    /// Opens one connection to a port of a Pod. Whether somebody listens there is known only at the first
    /// ``PortForwardConnection/receive()``.
    /// - Parameter timeout: Limit for opening it.
    package func portForward(
        namespace: String, pod: String, port: Int, timeout: Duration = .seconds(3)
    ) async throws -> PortForwardConnection {
        let call = Call(
            APIResource.pods.path(namespace: namespace, name: pod, subresource: "portforward"),
            query: [("ports", String(port))], what: "forward to port \(port) of '\(pod)' in '\(namespace)'")
        return PortForwardConnection(
            try await webSocket(call, subprotocols: ["v4.channel.k8s.io"], timeout: timeout), port: port)
    }
}
