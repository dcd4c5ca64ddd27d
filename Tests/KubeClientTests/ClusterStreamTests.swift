// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient
import Testing

/// Streams of Pods, against the real cluster that `KUBECONFIG` names.
@Suite(.timeLimit(.minutes(5)))
struct ClusterStreamTests {
    private static let sleeper = ["/bin/busybox", "sleep", "3600"]

    @Test func executesAndTellsExitCodes() async throws {
        try await ClusterFixture.run("exec") { fixture in
            try await fixture.start("main", Self.sleeper)
            func run(_ command: [String]) async throws -> ExecResult {
                try await fixture.client.execute(
                    namespace: fixture.namespace, pod: "main", container: "main", command: command)
            }
            let good = try await run(["/bin/busybox", "echo", "a b", "&", "ü"])
            #expect(good.status == .exited(0))
            #expect(String(decoding: good.stdout, as: UTF8.self) == "a b & ü\n")
            let bad = try await run(["/bin/busybox", "sh", "-c", "echo out; echo err >&2; exit 7"])
            #expect(bad.status == .exited(7))
            #expect(String(decoding: bad.stdout, as: UTF8.self) == "out\n")
            #expect(String(decoding: bad.stderr, as: UTF8.self) == "err\n")
            guard case .failed(let text) = try await run(["/no/such/program"]).status else {
                Issue.record("a missing program must fail")
                return
            }
            #expect(text.contains("/no/such/program"))

            let error = await #expect(throws: DevloopError.self) {
                try await fixture.client.execute(
                    namespace: fixture.namespace, pod: "missing", container: "main", command: ["x"])
            }
            #expect(error?.kubeFailure?.isNotFound == true)
        }
    }

    @Test func echoesLargeDataBothWays() async throws {
        try await ClusterFixture.run("echo") { fixture in
            try await fixture.start("main", Self.sleeper)
            let session = try await fixture.client.exec(
                namespace: fixture.namespace, pod: "main", container: "main", command: ["/bin/busybox", "cat"])
            // Small first: the round trip that every save pays.
            try await session.send(Array("ping".utf8))
            #expect(try await session.receive() == Array("ping".utf8))

            let size = 30 << 20
            var seed: UInt64 = 1
            var data: [UInt8] = []
            data.reserveCapacity(size)
            for _ in 0..<(size / 8) {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                withUnsafeBytes(of: seed) { data.append(contentsOf: $0) }
            }
            let sent = data
            let start = ContinuousClock.now
            async let sending: Void = session.send(sent)
            var received: [UInt8] = []
            received.reserveCapacity(size)
            while received.count < size, let bytes = try await session.receive() { received += bytes }
            try await sending
            print("30 MB there and back: \(ContinuousClock.now - start)")
            #expect(received == sent)

            // And the stream is as quick as before.
            var laps: [Duration] = []
            for _ in 0..<50 {
                let begin = ContinuousClock.now
                try await session.send([1, 2, 3])
                _ = try await session.receive()
                laps.append(ContinuousClock.now - begin)
            }
            laps.sort()
            print("echo of 3 bytes: median \(laps[25]), slowest \(laps[49])")
            await session.close()
            #expect(try await session.receive() == nil)
        }
    }

    @Test func readsLogs() async throws {
        try await ClusterFixture.run("logs") { fixture in
            try await fixture.start(
                "main", ["/bin/busybox", "sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done"])
            var lines: [String] = []
            let follower = fixture.client.followLogs(namespace: fixture.namespace, pod: "main", container: "main")
            for await event in follower {
                guard case .line(let line) = event else { continue }
                #expect(line.time != nil)
                lines.append(String(decoding: line.text, as: UTF8.self))
            }
            #expect(lines == (1...5).map { "line \($0)" })
            var last: [String] = []
            let tail = fixture.client.logs(
                namespace: fixture.namespace, pod: "main", container: "main",
                options: LogOptions(tailLines: 2, follow: false))
            for try await line in tail { last.append(String(decoding: line.text, as: UTF8.self)) }
            #expect(last == ["line 4", "line 5"])
        }
    }

    @Test func forwardsAPort() async throws {
        try await ClusterFixture.run("forward") { fixture in
            try await fixture.start(
                "main", ["/bin/busybox", "sh", "-c", "while true; do busybox nc -l -p 7000 -e /bin/busybox cat; done"])
            var answered = false
            try await eventually("the port answers") {
                let connection = try await fixture.client.portForward(
                    namespace: fixture.namespace, pod: "main", port: 7000)
                do {
                    try await connection.send(Array("hello".utf8))
                    answered = try await connection.receive() == Array("hello".utf8)
                } catch {
                    answered = false
                }
                if answered {
                    let data = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                    async let sending: Void = connection.send(data)
                    var received: [UInt8] = []
                    while received.count < data.count, let bytes = try await connection.receive() { received += bytes }
                    try await sending
                    #expect(received == data)
                }
                await connection.close()
                return answered
            }
            // Nobody listens there.
            let closed = try await fixture.client.portForward(
                namespace: fixture.namespace, pod: "main", port: 7001)
            let error = await #expect(throws: DevloopError.self) { try await closed.receive() }
            #expect(error?.message.contains("7001") == true)
            await closed.close()
        }
    }
}
