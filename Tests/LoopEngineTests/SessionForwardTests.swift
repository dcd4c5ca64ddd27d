// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import LoopEngine
import Plan
import Testing

/// Which Pod a connection to a forwarded port goes to, and what is told of the way to the cluster.
@Suite(.timeLimit(.minutes(1))) struct SessionForwardTests {
    private static func pod(
        _ name: String, _ verdict: PodStatus.Verdict, generation: String?, created: String, isRunning: Bool = true,
        isTerminating: Bool = false
    ) -> PodStatus {
        var pod = PodStatus.make(name, generation: generation, verdict: verdict, isTerminating: isTerminating)
        pod.created = created
        for index in pod.containers.indices { pod.containers[index].isRunning = isRunning }
        return pod
    }

    /// A break is told once, and so is its end: a dashboard must not go on saying that the cluster is away.
    @Test func aBreakAndItsEndAreTold() async throws {
        try await TestSession.run(Samples.web()) { test in
            try await test.bringUp()
            let lost = ClusterUpdate.disconnected(DevloopError(.clusterUnreachable, "cannot reach it"))
            // Watches that open anew are no news.
            test.connection.tell(.connected)
            for _ in 0..<3 { test.connection.tell(lost) }
            test.connection.tell(.connected)
            test.connection.tell(.connected)
            test.connection.tell(lost)
            test.connection.tell(.connected)
            try await test.until("both breaks are over") { test.events.all(.clusterConnected).count >= 3 }
            #expect(test.events.all(.clusterFailed).count == 2)
            #expect(test.events.all(.clusterConnected).count == 3)
            #expect(test.events.all(.clusterConnected).allSatisfy { $0.text("context") != nil })
        }
    }

    @Test func dialsTheNewestReadyPod() async throws {
        try await TestSession.run(Samples.web(ports: [PortForward(localPort: 8080, containerPort: 80)])) { test in
            try await test.bringUp()
            try await test.events.wait(.forwardOpened)
            let dial = try #require(test.forwards.dials.first)
            func target() async -> String {
                do {
                    _ = try await dial()
                    return ""
                } catch {
                    return (error as? DevloopError)?.message ?? ""
                }
            }
            func expect(_ want: String, _ pods: [PodStatus]) async {
                test.connection.setPods("web", pods)
                let isSo = await poll { await target() == want }
                let got = await target()
                #expect(isSo, "\(got)")
            }
            let now = test.connection.generation("web")
            await expect("dialled web-1:80", [.ready("web-1", generation: now)])
            let first = Self.pod("first", .ready, generation: now, created: "2026-01-01T00:00:01Z")
            let second = Self.pod("second", .ready, generation: now, created: "2026-01-01T00:00:02Z")
            await expect("dialled second:80", [second, first])
            // A newer one that is not ready yet does not take over.
            let third = Self.pod("third", .starting("x"), generation: now, created: "2026-01-01T00:00:03Z")
            await expect("dialled first:80", [third, first])
            // During a rollout the Pod before serves, unless it is on its way out.
            let old = Self.pod("old", .ready, generation: "before", created: "2026-01-01T00:00:00Z")
            await expect("dialled old:80", [third, old])
            let leaving = Self.pod(
                "old", .ready, generation: "before", created: "2026-01-01T00:00:00Z", isTerminating: true)
            await expect("dialled third:80", [third, leaving])
            let created = Self.pod(
                "third", .starting("x"), generation: now, created: "2026-01-01T00:00:03Z", isRunning: false)
            await expect("web has no running Pod", [created])
        }
    }
}
