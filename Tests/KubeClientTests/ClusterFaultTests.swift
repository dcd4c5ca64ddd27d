// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import PortForward
import Testing

@testable import KubeClient

/// Requests, exec and forwards of the real API server, through a proxy that cuts and hangs.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ClusterFaultTests {
    @Test func aBrokenExecIsToldAndTheNextOneWorks() async throws {
        try await ClusterFixture.run("exec-cuts") { fixture in
            try await fixture.start("main", ["/bin/busybox", "sleep", "3600"])
            for reset in [true, false] {
                let proxied = try ProxiedCluster { number in number == 0 ? .cut(after: 60_000, reset: reset) : .none }
                defer { proxied.proxy.stop() }
                func exec() async throws -> ExecSession {
                    try await proxied.client.exec(
                        namespace: fixture.namespace, pod: "main", container: "main",
                        command: [
                            "/bin/busybox", "sh", "-c", "while true; do echo 0123456789012345678901234567890; done",
                        ])
                }
                let broken = try await exec()
                var count = 0
                let error = await #expect(throws: DevloopError.self) {
                    while let bytes = try await broken.receive() { count += bytes.count }
                }
                #expect(error?.code == .clusterUnreachable)
                #expect(error?.httpFailure?.kind == .interrupted)
                #expect(count > 0)
                #expect(broken.status == nil)
                await broken.close()
                let next = try await exec()
                count = 0
                while count < 200_000, let bytes = try await next.receive() { count += bytes.count }
                #expect(count >= 200_000)
                await next.close()
            }
        }
    }

    /// A client of a forwarded port whose connection breaks sees its end; the next one is served.
    @Test func aForwardSurvivesItsConnections() async throws {
        try await ClusterFixture.run("forward-cuts") { fixture in
            try await fixture.start(
                "main",
                [
                    "/bin/busybox", "sh", "-c",
                    "mkdir /www; head -c 300000 /dev/zero > /www/file; exec busybox httpd -f -p 7000 -h /www",
                ])
            // Odd connections break in the middle.
            let proxied = try ProxiedCluster { number in
                number % 2 == 0 ? .cut(after: 100_000, reset: number % 4 == 0) : .none
            }
            defer { proxied.proxy.stop() }
            let forwarder = Forwarder(listeners: try LocalListener.all(host: "localhost", port: 0)) {
                try await proxied.client.portForward(namespace: fixture.namespace, pod: "main", port: 7_000)
            }
            let http = try HTTPClient()
            var outcomes: [String] = []
            for _ in 0..<6 {
                do {
                    let request = HTTPRequest(
                        "http://127.0.0.1:\(forwarder.port)/file", headers: ["Connection": "close"],
                        deadline: .seconds(20))
                    outcomes.append("\(try await http.send(request).body.count)")
                } catch {
                    outcomes.append("\(error.httpFailure?.kind ?? .invalid)")
                }
            }
            #expect(outcomes == ["interrupted", "300000", "interrupted", "300000", "interrupted", "300000"])
            // Nobody listens there: the client waits until its deadline, and is told by the end of its connection.
            await forwarder.close()
            #expect(await poll { proxied.proxy.openConnections == 0 })
        }
    }

    /// Requests share a connection. When its far side has gone without a word, one request pays for that, not all.
    @Test func requestsLeaveAConnectionThatHangs() async throws {
        let proxied = try ProxiedCluster { number in number == 0 ? .hang(after: 6_000) : .none }
        defer { proxied.proxy.stop() }
        func ask() async throws { _ = try await proxied.client.perform(.init("/version", deadline: .seconds(2))) }
        var failures: [HTTPFailure.Kind] = []
        for _ in 0..<40 {
            do {
                try await ask()
            } catch {
                failures.append(error.httpFailure?.kind ?? .invalid)
            }
        }
        #expect(failures == [.timeout])
        #expect(proxied.proxy.connections == 2)
    }
}
