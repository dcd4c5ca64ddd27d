// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
package import ServiceKit
import ServiceLifecycle
import Synchronization
import Wire

/// A gRPC service on a port, in clear text: HTTP/2 by prior knowledge, one message each way.
package struct GRPCServer: Service {
    typealias Stream = NIOAsyncChannel<HTTP2Frame.FramePayload, HTTP2Frame.FramePayload>
    private typealias Connection = (
        channel: any Channel, streams: NIOHTTP2Handler.AsyncStreamMultiplexer<Stream>
    )

    /// How long calls that are under way may take when the server is told to end.
    static let drainTime = Duration.seconds(5)

    private let host: String
    private let port: Int
    private let log: ServiceLog
    private let exchange: GRPCExchange
    private let preparation: [@Sendable () async throws -> Void]
    private let background: [@Sendable () async -> Void]
    private let listening: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - services: their names with the package, for the health service.
    ///   - preparation: steps before the server listens; an error of one of them ends it.
    ///   - background: work beside the calls; each runs until it is cancelled.
    ///   - listening: hears the port once it is open.
    package init(
        host: String, port: Int, log: ServiceLog, services: [String], methods: [GRPCMethod],
        preparation: [@Sendable () async throws -> Void] = [], background: [@Sendable () async -> Void] = [],
        listening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.log = log
        exchange = GRPCExchange(methods: methods + [.health(services: services)])
        self.preparation = preparation
        self.background = background
        self.listening = listening
    }

    /// Serves until it is cancelled or told to shut down gracefully; then calls that are under way are answered.
    package func run() async throws {
        for step in preparation {
            let work = step
            do {
                try await cancelWhenGracefulShutdown { try await work() }
            } catch is CancellationError {
                return
            }
        }
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: host, port: port) { channel -> EventLoopFuture<Connection> in
                channel.configureAsyncHTTP2Pipeline(mode: .server) { stream in
                    stream.eventLoop.makeCompletedFuture { try Stream(wrappingChannelSynchronously: stream) }
                }.flatMapThrowing { streams in
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: ConnectionEnd.idleTime), position: .first)
                    try pipeline.addHandler(ConnectionEnd())
                    return (channel, streams)
                }
            }
        let open = server.channel.localAddress?.port ?? 0
        log.note("listening", ["port": .string(String(open))])
        listening(open)
        try await withGracefulShutdownHandler {
            try await serve(server)
        } onGracefulShutdown: {
            server.channel.close(promise: nil)
        }
    }

    private func serve(_ server: NIOAsyncChannel<Connection, Never>) async throws {
        let calls = CallCount()
        try await server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for work in background { group.addTask { await work() } }
                for try await connection in connections {
                    group.addTask { await serve(connection, calls) }
                }
                // No more connections: those that are there have a while for what they have asked.
                let deadline = ContinuousClock.now + Self.drainTime
                while calls.current > 0, ContinuousClock.now < deadline, !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(10))
                }
                group.cancelAll()
            }
        }
    }

    private func serve(_ connection: Connection, _ calls: CallCount) async {
        await withDiscardingTaskGroup { group in
            do {
                for try await stream in connection.streams.inbound {
                    group.addTask {
                        calls.begin()
                        defer { calls.end() }
                        // A client that goes away in its call has no use for an error.
                        try? await exchange.serve(stream)
                    }
                }
            } catch {
                group.cancelAll()
            }
        }
        try? await connection.channel.close()
    }
}

/// Calls that are being answered.
private final class CallCount: Sendable {
    private let count = Atomic(0)

    var current: Int { count.load(ordering: .relaxed) }

    func begin() { count.add(1, ordering: .relaxed) }

    func end() { count.subtract(1, ordering: .relaxed) }
}
