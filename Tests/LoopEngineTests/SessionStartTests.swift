// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import LoopEngine
import Plan
import Testing

/// How a session comes up, and what it does when it cannot.
@Suite(.timeLimit(.minutes(1)))
struct SessionStartTests {
    @Test func bringsAServiceUpInOrder() async throws {
        try await TestSession.run(Samples.web(ports: [PortForward(localPort: 8080, containerPort: 80)])) { test in
            try await test.bringUp()
            try await test.events.wait(.forwardOpened)
            let wanted = [
                "session.started", "plan.loaded", "cluster.connected", "build.started", "build.finished",
                "image.packed",
                "image.delivered", "object.applied", "pod.changed", "sync.started", "sync.committed",
            ]
            let told = test.events.kinds
            var rest = told[...]
            for kind in wanted {
                let index = try #require(rest.firstIndex(of: kind), "no \(kind) in its place in \(told)")
                rest = rest[rest.index(after: index)...]
            }
            let states = test.events.all(.resourceChanged).compactMap { $0.text("state") }
            #expect(states.filter { $0 == "building" }.count == 1)
            #expect(states.last == "ready")
            let image = try #require(test.connection.images.first)
            #expect(image.isLive)
            #expect(image.artifact == Artifact(path: "/out/web", digest: "v1"))
            let apply = try #require(test.connection.applied.first)
            #expect(apply.references == ["shop/web": "shop/web:devloop-1"])
            #expect(apply.live == ["shop/web": LiveProgram(entrypoint: ["/app/web"], arguments: [])])
            #expect(test.forwards.open == [8080])
            let forward = try #require(test.events.all(.forwardOpened).first)
            #expect(forward.text("address") == "localhost:8080")
            #expect(forward.number("port") == 80)
            #expect(await poll { test.logs.all.contains("web: web-1 main says") })
        }
    }

    @Test func numbersEventsWithoutGaps() async throws {
        try await TestSession.run(Samples.web()) { test in
            try await test.bringUp()
            await test.stop()
            #expect(test.events.all.map(\.sequence) == Array(1...test.events.all.count))
            #expect(test.events.all.first?.kind == .sessionStarted)
            #expect(test.events.all.last?.kind == .sessionEnded)
        }
    }

    @Test func aBrokenPlanIsMendedByASave() async throws {
        let error = DevloopError(
            .spec, "swift_image: unexpected keyword argument 'imagee'",
            at: SourceLocation(file: "/project/Devloopfile", line: 3, column: 7), hint: "did you mean 'image'?")
        try await TestSession.run(Samples.web(), prepare: { $0.spec.set(error) }) { test in
            let failed = try await test.events.wait(.planFailed)
            #expect(failed.text("file") == "/project/Devloopfile")
            #expect(failed.number("line") == 3)
            #expect(failed.number("column") == 7)
            #expect(failed.text("message") == error.message)
            #expect(failed.text("hint") == error.hint)
            try await test.until("the spec is watched") { test.watch.isStarted }
            #expect(test.watch.roots.contains(FakeSpec.file))
            #expect(test.build.all.isEmpty)
            test.spec.set(Samples.web())
            test.watch.save(FakeSpec.file)
            let loaded = try await test.events.wait(.planLoaded)
            #expect(loaded.fields["resources"] == ["web"])
            #expect(try await test.events.wait(.decisionMade).text("action") == "reload")
            try await test.bringUp()
        }
    }

    @Test func aSaveBetweenReadingAndWatchingIsNotMissed() async throws {
        let error = DevloopError(.spec, "there is no Devloopfile")
        try await TestSession.run(Samples.web(), prepare: { $0.spec.set(error, mendedUnseenBy: Samples.web()) }) {
            test in
            try await test.events.wait(.planFailed)
            try await test.events.wait(.planLoaded)
            try await test.bringUp()
        }
    }

    @Test func wrongUsageEndsTheSession() async throws {
        let error = DevloopError(.usage, "the spec takes no arguments, but \"x\" was given after --")
        try await TestSession.run(Samples.web(), prepare: { $0.spec.set(error) }) { test in
            try await test.events.wait(.planFailed)
            #expect(try await test.events.wait(.sessionEnded).number("exit") == 2)
        }
    }

    @Test func aSaveOfAManifestIsServed() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.spec.set(Samples.web(ports: [PortForward(localPort: 8080, containerPort: 80)]))
            test.watch.save(FakeSpec.file)
            let decision = try await test.events.wait(.decisionMade, after: last) { $0.text("action") == "apply" }
            #expect(decision.save == 1)
            try await test.events.wait(.objectApplied, after: decision.sequence)
            test.connection.setPods("web", [.ready("web-2", generation: test.connection.generation("web"))])
            let served = try await test.events.wait(.saveServed, after: last)
            #expect(served.save == 1)
            #expect(served.text("way") == "image")
        }
    }

    @Test func aPlanThatBreaksLaterLeavesEverythingRunning() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.spec.set(DevloopError(.yaml, "not YAML", at: SourceLocation(file: "/project/k8s/web.yaml", line: 2)))
            test.watch.save("/project/k8s/web.yaml")
            try await test.events.wait(.planFailed, after: last)
            #expect(test.connection.deleted.isEmpty)
            #expect(test.connection.applied.count == 1)
            // The service is still looked after.
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            try await test.events.wait(.saveServed, after: last)
        }
    }

    @Test func anUnreachableClusterIsTriedAgainWithBackOff() async throws {
        let error = DevloopError(.clusterUnreachable, "connection refused", hint: "is it running?")
        try await TestSession.run(
            Samples.web(), prepare: { $0.cluster.setFailures(Array(repeating: error, count: 7)) }
        ) { test in
            var waits: [Int] = []
            for attempt in 1...7 {
                try await test.until("attempt \(attempt)") {
                    test.cluster.attemptCount == attempt && test.clock.sleepers == 1
                }
                let wait = try #require(test.clock.waits.first)
                waits.append(wait.milliseconds)
                test.clock.advance(by: wait)
            }
            #expect(waits == [500, 1000, 2000, 4000, 8000, 10_000, 10_000])
            try await test.events.wait(.clusterConnected)
            let failed = test.events.all(.clusterFailed)
            #expect(failed.count == 7)
            #expect(failed.first?.text("waiting") == "tried again in 500 ms")
            let held = try #require(test.events.all(.resourceHeld, resource: "web").first)
            #expect(held.text("reason") == "no cluster: connection refused")
            try await test.bringUp()
        }
    }

    @Test func aBadKubeconfigWaitsForItsSave() async throws {
        let error = DevloopError(
            .kubeconfig, "no such user", at: SourceLocation(file: FakeCluster.kubeconfig, line: 4))
        try await TestSession.run(Samples.web(), prepare: { $0.cluster.setFailures([error]) }) { test in
            let failed = try await test.events.wait(.clusterFailed)
            #expect(failed.text("waiting") == "a save of the file concerned")
            #expect(failed.text("file") == FakeCluster.kubeconfig)
            try await test.until("the kubeconfig is watched") {
                test.watch.isStarted && test.watch.roots.contains(FakeCluster.kubeconfig)
            }
            #expect(test.clock.sleepers == 0)
            #expect(test.cluster.attemptCount == 1)
            test.watch.save(FakeCluster.kubeconfig)
            try await test.events.wait(.clusterConnected)
            try await test.bringUp()
        }
    }

    @Test func aContextThatIsNotAllowedWaitsForTheSpec() async throws {
        let error = DevloopError(.contextNotAllowed, "the context \"prod\" is not a local cluster")
        try await TestSession.run(Samples.web(), prepare: { $0.cluster.setFailures([error]) }) { test in
            try await test.events.wait(.clusterFailed)
            try await test.until("files are watched") { test.watch.isStarted }
            test.watch.save(FakeSpec.file)
            try await test.events.wait(.clusterConnected)
        }
    }

    @Test func dependenciesHoldUntilReady() async throws {
        var web = Samples.service()
        web.dependencies = ["database"]
        let plan = Plan(
            resources: [web, Samples.service("database", image: "postgres:15")], images: [Samples.image()],
            watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan, prepare: { $0.build.setAutomatic(["web": "v1"]) }) { test in
            let held = try await test.events.wait(.resourceHeld, resource: "web")
            #expect(held.text("reason") == "waits for database to be ready")
            try await test.events.wait(.objectApplied, resource: "database")
            #expect(test.connection.applied.map(\.resource.name) == ["database"])
            test.connection.setPods("database", [.ready("db-1", generation: test.connection.generation("database"))])
            try await test.events.wait(.objectApplied, resource: "web")
        }
    }

    @Test func objectsThatNoWorkloadClaimsComeFirst() async throws {
        let loose = Resource(
            name: "uncategorized",
            kind: .k8s(KubernetesResource(objects: [Samples.object("ConfigMap", "settings")])))
        let plan = Plan(resources: [Samples.service("web", image: "nginx"), loose], watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan) { test in
            try await test.events.wait(.objectApplied, resource: "web")
            #expect(test.connection.applied.map(\.resource.name) == ["uncategorized", "web"])
            try await test.events.wait("uncategorized", is: "ready")
        }
    }

    @Test func aRefusedObjectIsToldWithItsPlaceAndMendedByASave() async throws {
        let error = DevloopError(
            .objectRefused, "spec.replicas: Invalid value: -1",
            at: SourceLocation(file: "/project/k8s/web.yaml", line: 1))
        let plan = Plan(
            resources: [Samples.service("web", image: "nginx")], watchedFiles: [FakeSpec.file, "/project/k8s/web.yaml"])
        try await TestSession.run(plan, prepare: { $0.connection.failApply([error]) }) { test in
            let failed = try await test.events.wait(.objectFailed, resource: "web")
            #expect(failed.text("file") == "/project/k8s/web.yaml")
            #expect(failed.text("object") == "deployment/web")
            let state = try await test.events.wait("web", is: "failed")
            #expect(state.text("reason")?.contains("Invalid value: -1") == true)
            try await test.until("files are watched") { test.watch.isStarted }
            var changed = plan
            changed.resources = [Samples.service("web", image: "nginx:2")]
            test.spec.set(changed)
            test.watch.save("/project/k8s/web.yaml")
            try await test.events.wait(.objectApplied, resource: "web")
        }
    }

    @Test func namesChooseResourcesAndWhatTheyDependOn() async throws {
        var web = Samples.service("web", image: "nginx")
        web.dependencies = ["database"]
        let plan = Plan(
            resources: [
                web, Samples.service("database", image: "postgres"), Samples.service("other", image: "redis"),
            ], watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan, options: { $0.names = ["web"] }) { test in
            try await test.events.wait(.objectApplied, resource: "database")
            test.connection.setPods("database", [.ready("db-1", generation: test.connection.generation("database"))])
            try await test.events.wait(.objectApplied, resource: "web")
            #expect(Set(test.connection.applied.map(\.resource.name)) == ["web", "database"])
        }
    }

    @Test func aNameThatIsNotThereEndsWithWhatThereIs() async throws {
        try await TestSession.run(Samples.web(), options: { $0.names = ["webb"] }) { test in
            let end = try await test.end()
            #expect(end.status == .usage)
            #expect(end.reason?.contains("webb") == true)
            #expect(end.hint == "resources: web")
        }
    }

    @Test func aBusyPortMovesOrIsTriedAgain() async throws {
        var fixed = PortForward(localPort: 9000)
        fixed.onBusy = .fail
        let plan = Plan(
            resources: [Samples.service("web", image: "nginx", ports: [PortForward(localPort: 8080), fixed])],
            watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan, prepare: { $0.forwards.setBusy([8080, 9000]) }) { test in
            let moved = try await test.events.wait(.forwardOpened)
            #expect(moved.text("address") == "localhost:8081")
            #expect(moved.number("wanted") == 8080)
            let failed = try await test.events.wait(.forwardFailed)
            #expect(failed.text("message") == "port 9000 is in use")
            #expect(failed.text("hint") != nil)
            try await test.until("it waits") { test.clock.sleepers == 1 }
            test.forwards.setBusy([])
            test.clock.advance(by: .milliseconds(500))
            try await test.events.wait(.forwardOpened) { $0.text("address") == "localhost:9000" }
        }
    }

    /// What happens to objects at the end.
    @Test(arguments: [SessionOptions.OnExit.keep, .delete]) func theEndKeepsOrDeletes(
        _ onExit: SessionOptions.OnExit
    ) async throws {
        try await TestSession.run(Samples.web(ports: [PortForward(localPort: 8080)]), options: { $0.onExit = onExit }) {
            test in
            try await test.bringUp()
            let end = await test.stop()
            #expect(end?.status == .interrupted)
            #expect(test.connection.deleted == (onExit == .delete ? ["deployment/web"] : []))
            #expect(test.forwards.open.isEmpty)
            #expect(test.watch.isStopped)
            #expect(test.connection.isClosed)
            #expect(test.connection.syncs.allSatisfy { $0.isClosed })
            #expect(test.events.all.last?.number("exit") == 130)
        }
    }
}
