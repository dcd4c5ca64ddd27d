// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Testing

@testable import KubeClient

/// Logs of real containers, through a proxy that cuts, and as fast as the node can.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ClusterLogFaultTests {
    /// Twenty thousand lines through a connection that is cut a dozen times: each comes once and in order.
    @Test func aLogComesWholeThroughCuts() async throws {
        try await ClusterFixture.run("log-cuts") { fixture in
            let total = 20_000
            try await fixture.start(
                "main",
                ["/bin/busybox", "sh", "-c", "i=0; while [ $i -lt \(total) ]; do echo line $i; i=$((i+1)); done"])
            let proxied = try ProxiedCluster(ProxiedCluster.cuts(24, from: 5_000, to: 200_000))
            defer { proxied.proxy.stop() }
            var next = 0
            var breaks = 0
            let follower = proxied.client.followLogs(namespace: fixture.namespace, pod: "main", container: "main")
            for await event in follower {
                switch event {
                case .line(let line):
                    let text = String(decoding: line.text, as: UTF8.self)
                    guard text == "line \(next)" else {
                        Issue.record("'line \(next)' and not '\(text)'")
                        return
                    }
                    next += 1
                case .interrupted: breaks += 1
                }
            }
            #expect(next == total)
            #expect(breaks > 0)
            print("a log through \(breaks) cuts: \(proxied.proxy.connections) connections")
        }
    }

    /// Four Pods write as fast as the node takes it; nothing of it is missing, doubled or out of order.
    @Test func fourPodsLoseNoLine() async throws {
        try await ClusterFixture.run("flood") { fixture in
            // Below 10 MiB a Pod, where the kubelet would rotate the file. The container stays: of one that ends at once,
            // containerd itself drops what is still in the pipe.
            let total = 120_000
            let names = (0..<4).map { "pod-\($0)" }
            for name in names {
                try await fixture.start(name, ["/bin/busybox", "sh", "-c", "seq 1 \(total); sleep 3600"])
            }
            let start = ContinuousClock.now
            try await withThrowingDiscardingTaskGroup { group in
                for name in names {
                    group.addTask {
                        var last = 0
                        let follower = fixture.client.followLogs(
                            namespace: fixture.namespace, pod: name, container: "main")
                        for await event in follower {
                            guard case .line(let line) = event else { continue }
                            let number = Int(String(decoding: line.text, as: UTF8.self))
                            guard number == last + 1 else {
                                Issue.record(
                                    "\(name): after \(last) came \(String(decoding: line.text, as: UTF8.self))")
                                return
                            }
                            last += 1
                            if last == total { break }
                        }
                        #expect(last == total)
                    }
                }
            }
            print("four Pods: \(Int(Double(4 * total) / ((ContinuousClock.now - start) / .seconds(1)))) lines/s")
        }
    }

    /// A line of 100,000 bytes, which the runtime keeps in pieces, is one line.
    @Test func aLongLineIsOneLine() async throws {
        try await ClusterFixture.run("long") { fixture in
            try await fixture.start(
                "main", ["/bin/busybox", "sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo; echo end"])
            var lines: [LogLine] = []
            let follower = fixture.client.followLogs(namespace: fixture.namespace, pod: "main", container: "main")
            for await event in follower { if case .line(let line) = event { lines.append(line) } }
            #expect(lines.map(\.text.count) == [100_000, 3])
            #expect(lines.first?.text.allSatisfy { $0 == UInt8(ascii: "x") } == true)
        }
    }

    /// A container that crashes at once and is started again: both runs are read, each as what it is.
    @Test func theRunBeforeACrashIsRead() async throws {
        try await ClusterFixture.run("crash") { fixture in
            let script = "if [ -e /data/x ]; then echo second; exec sleep 3600; fi; touch /data/x; echo first; exit 3"
            try await fixture.create([
                "apiVersion": "v1", "kind": "Pod",
                "metadata": ["name": "main", "namespace": .string(fixture.namespace)],
                "spec": [
                    "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": false,
                    "volumes": [["name": "data", "emptyDir": [:]]],
                    "containers": [
                        [
                            "name": "main", "image": .string(ClusterFixture.image), "imagePullPolicy": "IfNotPresent",
                            "command": ["/bin/busybox", "sh", "-c", .string(script)],
                            "volumeMounts": [["name": "data", "mountPath": "/data"]],
                        ]
                    ],
                ],
            ])
            var lives: [String] = []
            try await eventually("the container has been started again") {
                let status = try await fixture.client.get(.pods, name: "main", namespace: fixture.namespace)
                    .at("status", "containerStatuses")?[0]
                let before = status?.at("lastState", "terminated", "containerID")?.string
                guard let before, let now = status?["containerID"]?.string, before != now else { return false }
                lives = [before, now]
                return true
            }
            for (life, want) in zip(lives, ["first", "second"]) {
                var lines: [String] = []
                let follower = fixture.client.followLogs(
                    namespace: fixture.namespace, pod: "main", container: "main", life: life)
                for await event in follower {
                    if case .line(let line) = event { lines.append(String(decoding: line.text, as: UTF8.self)) }
                    // It goes on.
                    if lines == ["second"] { break }
                }
                #expect(lines == [want])
            }
        }
    }
}
