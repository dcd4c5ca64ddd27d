// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Synchronization
import Testing

@testable import HTTPTransport
@testable import KubeClient

/// Streams of Pods over servers that fall silent.
@Suite(.timeLimit(.minutes(1)))
struct KeepAliveTests {
    /// Shakes hands as a kubelet does; the rest is the script's.
    private static func server(_ script: @escaping @Sendable (FaultConnection) -> Void) throws -> FaultServer {
        try FaultServer { connection in
            guard let (head, _) = connection.readRequest() else { return }
            let key = head.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }?.dropFirst(19) ?? ""
            connection.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n"
                    + "Sec-WebSocket-Accept: \(Base64.encode(SHA1.digest(Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))))\r\n\r\n"
            )
            script(connection)
        }
    }

    private static func open(_ server: FaultServer) async throws -> WebSocket {
        try await WebSocket.connect(
            try HTTPClient(), url: server.url("/x"), subprotocols: ["v4.channel.k8s.io"], timeout: .seconds(5))
    }

    /// Takes everything and answers nothing, as a server that hangs does.
    @Test func aSilentServerIsGivenUp() async throws {
        let server = try Self.server { $0.waitForEnd() }
        defer { server.stop() }
        let socket = try await Self.open(server)
        let keepAlive = KeepAlive(socket, interval: .milliseconds(20), patience: 3)
        let error = await #expect(throws: DevloopError.self) { try await socket.receive() }
        #expect(error?.httpFailure?.kind == .timeout)
        #expect(error?.code == .clusterUnreachable)
        keepAlive.stop()
        await #expect(throws: DevloopError.self) { try await socket.send([1], head: [0], size: 10) }
    }

    /// Answers pings, and nothing else: an idle stream stays.
    @Test func aServerThatAnswersIsKept() async throws {
        let answered = Mutex(0)
        let server = try Self.server { connection in
            while let head = connection.read(exactly: 6), head[0] & 0x0F == 9 {
                connection.write([0x8A, 0x00])
                let number = answered.withLock { answered in
                    answered += 1
                    return answered
                }
                if number == 20 { connection.write([0x82, 0x01, 7]) }
            }
        }
        defer { server.stop() }
        let socket = try await Self.open(server)
        let keepAlive = KeepAlive(socket, interval: .milliseconds(20), patience: 3)
        #expect(try await socket.receive() == [7])
        keepAlive.stop()
        await socket.close()
    }

    /// Answers that nobody looks at are not missed: the container's output waits for its reader.
    @Test func whileNobodyReceivesNothingIsGivenUp() async throws {
        let pings = Mutex(0)
        let server = try Self.server { connection in
            while connection.read(exactly: 6) != nil { pings.withLock { $0 += 1 } }
        }
        defer { server.stop() }
        let socket = try await Self.open(server)
        let keepAlive = KeepAlive(socket, interval: .milliseconds(10), patience: 3)
        #expect(await poll { pings.withLock { $0 } >= 10 })
        keepAlive.stop()
        await socket.close()
    }

    /// The deadline holds for connecting and shaking hands together.
    @Test func aServerThatNeverShakesHandsIsLeftInTime() async throws {
        let server = try FaultServer { $0.waitForEnd() }
        defer { server.stop() }
        let start = ContinuousClock.now
        let error = await #expect(throws: DevloopError.self) {
            try await KubeFaultTests.client(server).portForward(
                namespace: "shop", pod: "web", port: 80, timeout: .milliseconds(300))
        }
        #expect(error?.httpFailure?.kind == .timeout)
        #expect(ContinuousClock.now - start >= .milliseconds(290))
    }
}
