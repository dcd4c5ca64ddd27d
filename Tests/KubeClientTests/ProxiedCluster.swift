// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Glibc
import ProcessRunner
import Testing

@testable import KubeClient

/// The real cluster, reached through a proxy.
struct ProxiedCluster {
    let client: KubeClient
    let proxy: FaultProxy

    init(
        watchSeconds: ClosedRange<Int> = 55...75,
        _ plan: @escaping @Sendable (Int) -> FaultProxy.Fault = { _ in .none }
    ) throws {
        var config = try ClusterFixture.config()
        let server = try config.select().cluster.server
        let target = try #require(server.split(separator: ":").last.flatMap { Int($0) })
        proxy = try FaultProxy(to: target, plan)
        for index in config.clusters.indices {
            config.clusters[index].server = "https://127.0.0.1:\(proxy.port)"
        }
        // The file names the server itself: it must not be found there.
        config.files = []
        client = try KubeClient(config: config, watchSeconds: watchSeconds)
    }

    /// Cuts each of the first connections somewhere, by a reset or in order; what comes later is left alone.
    static func cuts(_ count: Int, from least: Int, to most: Int) -> @Sendable (Int) -> FaultProxy.Fault {
        { number in
            number < count ? .cut(after: .random(in: least...most), reset: Bool.random()) : .none
        }
    }
}

/// `kubectl proxy`: the real API server without TLS, so that a proxy can speak in its place.
enum PlainGateway {
    static func run(_ body: (Int) async throws -> Void) async throws {
        let gateway = try await ProcessRunner.open(
            ProcessCommand(["kubectl", "proxy", "--port=0", "--address=127.0.0.1"]), onError: { _ in })
        do {
            var text = ""
            while !text.contains("\n"), let bytes = try await gateway.receive() {
                text += String(decoding: bytes, as: UTF8.self)
            }
            // Starting to serve on 127.0.0.1:37041
            let port = try #require(
                text.split(separator: "\n").first?.split(separator: ":").last.flatMap { Int($0) }, "\(text)")
            try await body(port)
        } catch {
            await gateway.close()
            throw error
        }
        await gateway.close()
    }
}

/// Processor time that this process has used.
enum ProcessTime {
    static func used() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
