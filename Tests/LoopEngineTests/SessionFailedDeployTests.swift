// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// What is said of a resource whose newest deploy has failed or waits for a trigger, while Pods of the one before run on
/// and are well.
@Suite(.timeLimit(.minutes(1)))
struct SessionFailedDeployTests {
    private static let page = "/project/Public/page.css"

    private static func plan(replicas: Int) -> Plan {
        var deployment = Samples.object("Deployment", "web", image: "shop/web")
        deployment.json["spec"]?["replicas"] = .int(replicas)
        var kubernetes = KubernetesResource(objects: [deployment])
        kubernetes.images = ["shop/web"]
        return Plan(
            resources: [Resource(name: "web", kind: .k8s(kubernetes))],
            images: [Samples.image(resources: [FileMapping(source: "/project/Public", destination: "/app/Public")])],
            watchedFiles: [FakeSpec.file])
    }

    /// Tells the Pods again, as a probe or a restart would.
    private static func tellPods(_ test: TestSession, restarts: Int) {
        var pod = PodStatus.ready("web-1", generation: test.connection.generation("web"))
        pod.containers[0].restarts = restarts
        test.connection.setPods("web", [pod])
    }

    private static func served(_ test: TestSession) -> [Int?] { test.events.all(.saveServed).map(\.save) }

    @Test func anImageThatCouldNotBeMadeIsMadeWithTheNextSave() async throws {
        try await TestSession.run(Self.plan(replicas: 1)) { test in
            let last = try await test.bringUp()
            // The image lacks the newest program, so that the next deploy needs another one.
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            let first = try await test.events.wait(.saveServed, after: last)
            test.connection.failImage([DevloopError(.image, "a file cannot be opened")])
            test.spec.set(Self.plan(replicas: 2))
            test.watch.save(FakeSpec.file)
            let failed = try await test.events.wait("web", is: "failed", after: first.sequence)
            Self.tellPods(test, restarts: 1)
            let told = try await test.events.wait(.podChanged, after: failed.sequence)
            test.watch.save(Self.page)
            let decision = try await test.events.wait(.decisionMade, after: told.sequence) {
                $0.text("action") == "image"
            }
            #expect(decision.text("reason") == "the last try to make an image of it failed")
            try await test.until("it is applied") { test.connection.applied.count == 2 }
            try await test.events.wait("web", is: "starting", after: decision.sequence)
            #expect(Self.served(test) == [1])
            Self.tellPods(test, restarts: 0)
            try await test.events.wait("web", is: "ready", after: failed.sequence)
            try await test.until("both are served") { Self.served(test) == [1, 2, 3] }
        }
    }

    @Test func whatTheClusterRefusesStaysToldWhileFilesAreSynced() async throws {
        try await TestSession.run(Self.plan(replicas: 1)) { test in
            let last = try await test.bringUp()
            test.connection.failApply([DevloopError(.objectRefused, "replicas: must not be negative")])
            test.spec.set(Self.plan(replicas: -1))
            test.watch.save(FakeSpec.file)
            let failed = try await test.events.wait("web", is: "failed", after: last)
            Self.tellPods(test, restarts: 1)
            try await test.events.wait(.podChanged, after: failed.sequence)
            test.watch.save(Self.page)
            let served = try await test.events.wait(.saveServed, after: failed.sequence)
            #expect(served.save == 2)
            #expect(served.text("way") == "sync")
            let states = test.events.all(.resourceChanged).filter { $0.sequence > failed.sequence }
            #expect(states.isEmpty, "\(states.map { $0.text("state") ?? "" })")

            test.spec.set(Self.plan(replicas: 2))
            test.watch.save(FakeSpec.file)
            try await test.until("it is applied") { test.connection.applied.count == 3 }
            try await test.events.wait("web", is: "starting", after: served.sequence)
            Self.tellPods(test, restarts: 0)
            try await test.events.wait("web", is: "ready", after: failed.sequence)
            try await test.until("all are served") { Self.served(test) == [2, 1, 3] }
        }
    }

    @Test func whatWaitsForATriggerIsNotServedByASync() async throws {
        var plan = Self.plan(replicas: 1)
        plan.resources[0].triggerMode = .manual
        var changed = Self.plan(replicas: 2)
        changed.resources[0].triggerMode = .manual
        try await TestSession.run(plan) { test in
            let last = try await test.bringUp()
            test.spec.set(changed)
            test.watch.save(FakeSpec.file)
            let waiting = try await test.events.wait("web", is: "idle", after: last)
            #expect(waiting.text("reason") == "changed; waits for a trigger")
            test.watch.save(Self.page)
            let served = try await test.events.wait(.saveServed, after: waiting.sequence)
            #expect(served.save == 2)
            Self.tellPods(test, restarts: 1)
            try await test.events.wait(.podChanged, after: served.sequence)
            let states = test.events.all(.resourceChanged).filter { $0.sequence > waiting.sequence }
            #expect(states.isEmpty, "\(states.map { $0.text("state") ?? "" })")
            #expect(test.connection.applied.count == 1)
        }
    }
}
