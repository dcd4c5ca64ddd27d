// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// What a session asks of the cluster beyond one apply: commands in the place of objects, configuration that Pods
/// follow, what is left of earlier sessions, and other sessions.
@Suite(.timeLimit(.minutes(1)))
struct SessionDeployTests {
    // MARK: k8s_custom_deploy

    private static func custom(deps: [String] = ["/project/chart"], images: [String] = []) -> Resource {
        var deploy = CustomDeploy(
            apply: Command(arguments: ["helm", "apply"], directory: "/project"),
            delete: Command(arguments: ["helm", "delete"], directory: "/project"), deps: deps)
        deploy.imageDeps = images
        var kubernetes = KubernetesResource(objects: [])
        kubernetes.images = images
        kubernetes.customDeploy = deploy
        return Resource(name: "chart", kind: .k8s(kubernetes))
    }

    private static func pod(_ name: String, hash: String) -> PodStatus {
        var pod = PodStatus.ready(name, generation: nil)
        pod.labels = ["app": "db", "hash": hash]
        return pod
    }

    private static func plan(_ resources: Resource..., images: [Image] = []) -> Plan {
        Plan(resources: resources, images: images, watchedFiles: [FakeSpec.file])
    }

    @Test func aCommandDeploysAndItsPodsAreFollowed() async throws {
        let objects = [Samples.object("Deployment", "db", image: "other"), Samples.object("Service", "db")]
        try await TestSession.run(
            Self.plan(Self.custom()),
            prepare: { test in
                test.connection.setDeployResults([
                    CustomResult(objects: objects, podSelectors: [["app": "db", "hash": "1"]], generation: "custom-1"),
                    CustomResult(objects: objects, podSelectors: [["app": "db", "hash": "2"]], generation: "custom-2"),
                ])
            }
        ) { test in
            try await test.events.wait(.objectApplied, resource: "chart") { $0.text("object") == "deployment/db" }
            let starting = try await test.events.wait("chart", is: "starting")
            // Pods are those that the workloads select.
            try await test.until("its Pods are looked for") { test.connection.observed.count == 2 }
            let observed = try #require(test.connection.observed.last?.first?.kubernetes)
            #expect(observed.extraPodSelectors == [["app": "db", "hash": "1"]])
            #expect(observed.objects.map(\.name) == ["db", "db"])
            // They carry no mark of ours.
            test.connection.setPods("chart", [Self.pod("db-1", hash: "0")])
            try await test.events.wait(.resourceChanged, resource: "chart", after: starting.sequence) {
                $0.text("reason") == "no Pod with app=db, hash=1 yet"
            }
            test.connection.setPods("chart", [Self.pod("db-1", hash: "1")])
            let ready = try await test.events.wait("chart", is: "ready", after: starting.sequence)
            try await test.until("files are watched") { test.watch.isStarted }

            // The Pod of the version before does not serve the save.
            test.connection.setPods("chart", [])
            test.watch.save("/project/chart/values.yaml")
            let decision = try await test.events.wait(.decisionMade, resource: "chart", after: ready.sequence)
            #expect(decision.text("action") == "apply")
            try await test.events.wait("chart", is: "starting", after: decision.sequence)
            try await test.until("its Pods are looked for") { test.connection.observed.count == 3 }
            #expect(
                test.connection.observed.last?.first?.kubernetes?.extraPodSelectors == [["app": "db", "hash": "2"]])
            test.connection.setPods("chart", [Self.pod("db-2", hash: "2")])
            let served = try await test.events.wait(.saveServed, resource: "chart", after: ready.sequence)
            #expect(served.text("way") == "image")
            #expect(test.connection.deployed.count == 2)
        }
    }

    @Test func aCommandThatFailsIsTriedAgainByTheNextSave() async throws {
        try await TestSession.run(
            Self.plan(Self.custom()),
            prepare: { $0.connection.failApply([DevloopError(.objectRefused, "apply_cmd ended with exit code 3")]) }
        ) { test in
            let failed = try await test.events.wait("chart", is: "failed")
            #expect(failed.text("reason") == "apply_cmd ended with exit code 3")
            try await test.until("files are watched") { test.watch.isStarted }
            test.watch.save("/project/chart/values.yaml")
            // It says that it applied nothing: there is nothing to wait for.
            try await test.events.wait("chart", is: "ready", after: failed.sequence)
        }
    }

    @Test func aCommandIsGivenTheImages() async throws {
        try await TestSession.run(
            Self.plan(Self.custom(images: ["shop/web"]), images: [Samples.image(live: false)])
        ) { test in
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v1"])
            try await test.until("the command runs") { test.connection.deployed.count == 1 }
            let images = try #require(test.connection.deployed.first?.images)
            #expect(images.map(\.ref) == ["shop/web"])
            #expect(images.map(\.reference) == ["shop/web:devloop-1"])
        }
    }

    @Test func whatLeavesThePlanIsTakenDownByItsCommand() async throws {
        try await TestSession.run(Self.plan(Self.custom(), Samples.local("x", command: ["x"]))) { test in
            let ready = try await test.events.wait("chart", is: "ready")
            try await test.until("files are watched") { test.watch.isStarted }
            test.spec.set(Self.plan(Samples.local("x", command: ["x"])))
            test.watch.save(FakeSpec.file)
            try await test.events.wait(.planLoaded, after: ready.sequence)
            try await test.until("its command ran") { test.connection.takenDown == ["chart"] }
        }
    }

    @Test(arguments: [SessionOptions.OnExit.keep, .delete]) func theEndTakesDownWhenAsked(
        _ onExit: SessionOptions.OnExit
    ) async throws {
        try await TestSession.run(Self.plan(Self.custom()), options: { $0.onExit = onExit }) { test in
            try await test.events.wait("chart", is: "ready")
            await test.stop()
            #expect(test.connection.takenDown == (onExit == .delete ? ["chart"] : []))
        }
    }

    @Test func theEndDeletesOnlyWhatWasChosen() async throws {
        let plan = Plan(
            resources: [Samples.service(), Samples.service("worker")],
            images: [Samples.image(), Samples.image("worker")], watchedFiles: [FakeSpec.file])
        try await TestSession.run(
            plan,
            options: { options in
                options.onExit = .delete
                options.names = ["web"]
            }
        ) { test in
            try await test.bringUp()
            await test.stop()
            #expect(test.connection.deleted == ["deployment/web"])
        }
    }

    // MARK: Configuration

    private static func configured(_ value: String, rolls: Bool = true) -> Plan {
        var map = Samples.object("ConfigMap", "settings")
        map.json["data"] = ["a": .string(value)]
        var deployment = Samples.object("Deployment", "web", image: "other")
        deployment.json["spec"]?["template"]?["spec"]?["containers"] = [
            ["name": "main", "image": "other", "envFrom": [["configMapRef": ["name": "settings"]]]]
        ]
        var web = KubernetesResource(objects: [deployment])
        web.rollsOnConfiguration = rolls
        var loose = KubernetesResource(objects: [map])
        loose.podReadiness = .ignore
        return plan(
            Resource(name: "web", kind: .k8s(web)), Resource(name: "uncategorized", kind: .k8s(loose)))
    }

    /// Up to a ready `web`; the number of the last event.
    private static func up(_ test: TestSession) async throws -> Int {
        try await test.events.wait(.objectApplied, resource: "web")
        try await test.events.wait("web", is: "starting")
        test.connection.setPods("web", [.ready("web-1", generation: test.connection.generation("web"))])
        let ready = try await test.events.wait("web", is: "ready")
        try await test.until("files are watched") { test.watch.isStarted }
        return ready.sequence
    }

    @Test func aChangedConfigMapIsAppliedFirstAndRollsItsWorkload() async throws {
        try await TestSession.run(Self.configured("1")) { test in
            let last = try await Self.up(test)
            #expect(test.connection.applied.map(\.resource.name) == ["uncategorized", "web"])
            #expect(test.connection.applied.last?.configuration.map(\.name) == ["settings"])
            test.spec.set(Self.configured("2"))
            test.watch.save(FakeSpec.file)
            let decision = try await test.events.wait(.decisionMade, resource: "web", after: last)
            #expect(decision.text("reason") == "a ConfigMap or Secret that it uses changed")
            try await test.until("both were applied") { test.connection.applied.count == 4 }
            // New Pods would read the old one if they came first.
            #expect(test.connection.applied.suffix(2).map(\.resource.name) == ["uncategorized", "web"])
            #expect(test.connection.applied.last?.configuration.first?.json["data"] == ["a": "2"])
        }
    }

    @Test func aWorkloadThatDoesNotFollowStays() async throws {
        try await TestSession.run(Self.configured("1", rolls: false)) { test in
            let last = try await Self.up(test)
            #expect(test.connection.applied.last?.configuration.isEmpty == true)
            test.spec.set(Self.configured("2", rolls: false))
            test.watch.save(FakeSpec.file)
            try await test.events.wait(.objectApplied, resource: "uncategorized", after: last)
            try await test.events.wait(.saveServed, resource: "uncategorized", after: last)
            #expect(test.connection.applied.map(\.resource.name) == ["uncategorized", "web", "uncategorized"])
        }
    }

    @Test func resourcesThatUseEachOthersConfigurationDoNotWaitForEver() async throws {
        func resource(_ name: String, uses: String) -> Resource {
            var map = Samples.object("ConfigMap", name)
            map.json["data"] = ["a": "1"]
            var deployment = Samples.object("Deployment", name, image: "other")
            deployment.json["spec"]?["template"]?["spec"]?["volumes"] = [
                ["name": "v", "configMap": ["name": .string(uses)]]
            ]
            return Resource(name: name, kind: .k8s(KubernetesResource(objects: [deployment, map])))
        }
        try await TestSession.run(Self.plan(resource("a", uses: "b"), resource("b", uses: "a"))) { test in
            try await test.until("both are applied") { test.connection.applied.count == 2 }
        }
    }

    // MARK: Triggers, earlier sessions, other sessions

    @Test func aTriggerAppliesWhatIsAsItShouldBe() async throws {
        try await TestSession.run(Self.configured("1")) { test in
            _ = try await Self.up(test)
            #expect(test.connection.applied.allSatisfy { !$0.isForced })
            await test.session.trigger("web")
            try await test.until("it is applied again") { test.connection.applied.count == 3 }
            #expect(test.connection.applied.last?.isForced == true)
            #expect(test.connection.applied.last?.resource.name == "web")
        }
    }

    @Test func whatEarlierSessionsLeftIsPrunedAtTheStart() async throws {
        try await TestSession.run(Samples.web()) { test in
            try await test.bringUp()
            #expect(test.connection.kept == [["deployment/web"]])
        }
        // With a choice of resources the plan is not the whole.
        try await TestSession.run(Samples.web(), options: { $0.names = ["web"] }) { test in
            try await test.bringUp()
            #expect(test.connection.kept.isEmpty)
        }
    }

    @Test func anotherSessionIsWaitedForAndNamed() async throws {
        let error = DevloopError(
            .sessionBusy, "the project 'shop' is in use here: devloop up of ann@laptop, process 42", hint: "end it")
        try await TestSession.run(Samples.web(), prepare: { $0.cluster.setFailures([error]) }) { test in
            let held = try await test.events.wait(.resourceHeld, resource: "web")
            #expect(held.text("reason") == error.message)
            try await test.until("it waits") { test.clock.sleepers == 1 }
            test.clock.advance(by: .milliseconds(500))
            try await test.bringUp()
        }
        try await TestSession.run(Samples.web(), mode: .run, prepare: { $0.cluster.setFailures([error]) }) { test in
            let end = try await test.end()
            #expect(end.status == .workFailed)
            #expect(end.reason == error.message)
            #expect(end.hint == "end it")
        }
    }

    private static let busy = DevloopError(.sessionBusy, "in use: devloop up of ann@laptop", hint: "end it")

    /// Waits until the next try is due after this time, and lets it pass.
    private static func pass(_ seconds: Int64, _ test: TestSession) async throws {
        try await test.until("it waits \(seconds) s") { test.clock.waits.contains(.seconds(seconds)) }
        test.clock.advance(by: .seconds(seconds))
    }

    @Test func anApplyThatMeetsAnotherSessionIsTriedAgainByItself() async throws {
        try await TestSession.run(
            Self.configured("1"),
            prepare: { $0.connection.failApply([Self.busy, Self.busy, Self.busy]) }
        ) { test in
            let held = try await test.events.wait(.resourceHeld, resource: "uncategorized")
            #expect(held.text("reason") == Self.busy.message)
            #expect(test.connection.applied.count == 1)
            for (number, seconds) in [(2, 1), (3, 2), (4, 4)] as [(Int, Int64)] {
                try await Self.pass(seconds, test)
                try await test.until("it is tried again") { test.connection.applied.count >= number }
            }
            try await test.events.wait("uncategorized", is: "ready", after: held.sequence)
            // Told once, by one line each.
            let told = test.events.all.filter { $0.resource == "uncategorized" }
            #expect(told.filter { $0.kind == .resourceHeld && $0.text("reason") == Self.busy.message }.count == 1)
            #expect(
                told.filter { $0.kind == .logWritten && $0.text("text")?.contains("that session") == true }.count == 1)
            #expect(told.filter { $0.kind == .resourceChanged && $0.text("state") == "failed" }.isEmpty)
        }
    }

    @Test func aSaveOrATriggerDoesNotWaitForTheNextTry() async throws {
        try await TestSession.run(
            Self.configured("1"), prepare: { $0.connection.failApply([Self.busy]) }
        ) { test in
            try await test.events.wait(.resourceHeld, resource: "uncategorized") {
                $0.text("reason") == Self.busy.message
            }
            await test.session.trigger("uncategorized")
            try await test.events.wait("uncategorized", is: "ready")
            let count = test.connection.applied.count { $0.resource.name == "uncategorized" }
            #expect(count == 2)
            // The try that was due is needless now.
            try await Self.pass(1, test)
            try await test.until("web is applied") { test.connection.applied.contains { $0.resource.name == "web" } }
            #expect(test.connection.applied.count { $0.resource.name == "uncategorized" } == 2)
        }
    }

    @Test func whatTheUserAskedForIsStillAskedForWhenItIsTriedAgain() async throws {
        try await TestSession.run(Self.configured("1")) { test in
            _ = try await Self.up(test)
            let count = test.connection.applied.count
            test.connection.failApply([Self.busy])
            await test.session.trigger("web")
            try await test.until("it is refused") { test.connection.applied.count == count + 1 }
            try await Self.pass(1, test)
            try await test.until("it is tried again") { test.connection.applied.count == count + 2 }
            #expect(test.connection.applied.suffix(2).allSatisfy { $0.isForced })
        }
    }

    @Test func aClusterThatIsAwayIsNotAskedWithoutAPause() async throws {
        let away = DevloopError(.clusterUnreachable, "connection refused")
        try await TestSession.run(
            Self.configured("1"), prepare: { $0.connection.failApply([away, away]) }
        ) { test in
            try await test.events.wait(.resourceHeld, resource: "uncategorized") {
                $0.text("reason")?.contains("connection refused") == true
            }
            try await test.until("it waits") { test.clock.waits.contains(.seconds(2)) }
            #expect(test.connection.applied.count == 1)
            try await Self.pass(2, test)
            try await test.until("it waits again") {
                test.connection.applied.count == 2 && test.clock.waits.contains(.seconds(2))
            }
            try await Self.pass(2, test)
            try await test.events.wait("uncategorized", is: "ready")
        }
    }

    /// A cluster that was deleted and made anew at the same address answers as the old one did, and has nothing.
    @Test func anotherClusterGetsEverything() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            let (applied, images) = (test.connection.applied.count, test.connection.images.count)
            let lost = ClusterUpdate.disconnected(DevloopError(.clusterUnreachable, "cannot reach it"))
            // The same one again: nothing is done.
            test.connection.tell(lost)
            test.connection.tell(.connected)
            let same = try await test.events.wait(.clusterConnected, after: last)
            test.connection.replace()
            test.connection.tell(lost)
            test.connection.tell(.connected)
            try await test.events.wait(.clusterFailed, after: same.sequence) {
                $0.text("message")?.contains("another cluster") == true
            }
            try await test.until("all is applied again") { test.connection.applied.count == applied + 1 }
            #expect(test.connection.images.count == images + 1)
            #expect(test.connection.isClosed)
        }
    }
}
