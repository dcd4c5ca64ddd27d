// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// Live updates of Pods that devloop does not render: `sync_resource` and `k8s_custom_deploy`.
@Suite(.timeLimit(.minutes(1)))
struct SessionForeignTests {
    private static let steps: [LiveUpdateStep] = [
        .sync(FileMapping(source: "/project/www", destination: "/srv")),
        .sync(FileMapping(source: "/project/www/docs", destination: "", policy: .ignore)),
    ]

    private static func theirs(
        via: ForeignContainers.Via, _ steps: [LiveUpdateStep] = steps, container: String? = nil
    ) -> Plan {
        let image = Image.foreign(ForeignContainers(via: via, container: container), of: "site", steps)
        var kubernetes = KubernetesResource(objects: [])
        kubernetes.syncTarget = SyncTarget(workload: SyncTarget.Workload(kind: "Deployment", name: "web"))
        kubernetes.images = [image.ref]
        kubernetes.foreignImage = image.ref
        return plan("site", kubernetes, image)
    }

    private static func custom(via: ForeignContainers.Via) -> Plan {
        let command = Command(arguments: ["helm"], directory: "/project")
        var deploy = CustomDeploy(apply: command, delete: command, deps: ["/project/www", "/project/chart"])
        deploy.liveUpdate = steps
        deploy.via = via
        deploy.containerSelector = "main"
        let image = Image.foreign(ForeignContainers(via: via, container: "main"), of: "site", steps)
        var kubernetes = KubernetesResource(objects: [])
        kubernetes.customDeploy = deploy
        kubernetes.images = [image.ref]
        kubernetes.foreignImage = image.ref
        return plan("site", kubernetes, image)
    }

    private static func plan(_ name: String, _ kubernetes: KubernetesResource, _ image: Image) -> Plan {
        Plan(
            resources: [Resource(name: name, kind: .k8s(kubernetes))], images: [image],
            watchedFiles: ["/project/Devloopfile"])
    }

    private static func pod(_ name: String, agent: String? = nil, mark: String? = nil) -> PodStatus {
        var pod = PodStatus.ready(name, generation: mark)
        pod.labels = ["app": "site"]
        pod.containers[0].agent = agent
        return pod
    }

    /// Brings the Pods up. The number of the event that says so.
    @discardableResult
    private static func bringUp(_ test: TestSession, _ pods: [PodStatus]) async throws -> Int {
        try await test.events.wait("site", is: "starting")
        test.connection.setPods("site", pods)
        let ready = try await test.events.wait("site", is: "ready")
        try await test.until("files are watched") { test.watch.isStarted }
        return ready.sequence
    }

    @Test func filesGoIntoSomebodyElsesPodsByTar() async throws {
        try await TestSession.run(Self.theirs(via: .tar)) { test in
            let last = try await Self.bringUp(test, [Self.pod("web-1"), Self.pod("web-2")])
            #expect(test.connection.located == ["site"] && test.connection.applied.isEmpty)
            #expect(test.connection.ways == [.tar, .tar])
            let told = try #require(test.events.all(.decisionMade).last)
            #expect(
                told.text("reason")
                    == "files are synced into the containers of site by its own tar, as the Devloopfile asks")
            test.watch.save("/project/www/a")
            let started = try await test.events.wait(.syncStarted, after: last)
            #expect(started.text("way") == "tar")
            let served = try await test.events.wait(.saveServed, after: last)
            #expect(served.text("way") == "sync")
            // A new one gets all that has changed since the session began.
            test.connection.setPods("site", [Self.pod("web-1"), Self.pod("web-2"), Self.pod("web-3")])
            try await test.until("it is attached") { test.connection.syncs.count == 3 }
            try await test.until("it has the file") {
                test.connection.syncs[2].sets.last?.files.map(\.destination) == ["/srv/a"]
            }
            #expect(test.connection.images.isEmpty && test.connection.deployed.isEmpty)
        }
    }

    @Test func anAgentOfAnotherSessionIsUsed() async throws {
        try await TestSession.run(Self.theirs(via: .agent)) { test in
            // Its mark is not one of ours, and the Pod is current all the same.
            test.connection.setRecorded(["/elsewhere/of/the/other"])
            let last = try await Self.bringUp(test, [Self.pod("web-1", agent: "/devloop/agent", mark: "other-1")])
            #expect(test.connection.ways == [.agent("/devloop/agent")])
            test.watch.save("/project/www/a")
            let started = try await test.events.wait(.syncStarted, after: last)
            #expect(started.text("way") == "found")
            try await test.events.wait(.saveServed, after: last)
            // What the other session has brought is left alone, and so is its Pod.
            #expect(test.connection.restarted.isEmpty && test.connection.syncs[0].sets.last?.deletions == [])
        }
    }

    @Test func withoutAWayTheSaveFailsWithTheReasonAndAWayLaterMendsIt() async throws {
        try await TestSession.run(Self.theirs(via: .agent)) { test in
            let last = try await Self.bringUp(test, [Self.pod("web-1")])
            #expect(test.connection.ways.isEmpty)
            test.watch.save("/project/www/docs/a")
            try await test.events.wait(.decisionMade, after: last) {
                $0.text("reason") == "no resource uses these files"
            }
            test.watch.save("/project/www/a")
            let decided = try await test.events.wait(.decisionMade, resource: "site", after: last)
            #expect(decided.text("action") == "nothing")
            #expect(decided.text("reason")?.hasPrefix("it cannot be synced: its Pods have no agent") == true)
            let failed = try await test.events.wait("site", is: "failed", after: last)
            #expect(failed.text("reason")?.hasPrefix("files cannot be synced: its Pods have no agent") == true)
            #expect(failed.text("hint") == ContainerWay.hint)
            // Another look at the Pods does not make it well.
            test.connection.setPods("site", [Self.pod("web-1"), Self.pod("web-2")])
            try await test.events.wait(.podChanged, after: failed.sequence)
            #expect(test.events.all(.saveServed).isEmpty)
            test.connection.setPods("site", [Self.pod("web-3", agent: "/devloop/agent")])
            try await test.events.wait("site", is: "ready", after: failed.sequence)
            #expect(test.connection.syncs.last?.sets.last?.files.map(\.destination) == ["/srv/a"])
        }
    }

    @Test func aNewerServerTakesAnEphemeralContainerForTheAgent() async throws {
        try await TestSession.run(
            Self.theirs(via: .agent), prepare: { $0.connection.setServer("v1.30.0") }
        ) { test in
            let last = try await Self.bringUp(test, [Self.pod("web-1")])
            let told = try #require(test.events.all(.decisionMade).last)
            #expect(
                told.text("reason")?.contains("an ephemeral container with an agent, which is made in each Pod") == true
            )
            test.watch.save("/project/www/a")
            let started = try await test.events.wait(.syncStarted, after: last)
            #expect(started.text("way") == "ephemeral")
            try await test.events.wait(.saveServed, after: last)
            #expect(test.connection.ways == [.ephemeral])
        }
    }

    @Test func aContainerThatIsNotThereIsNamedWithThoseThatAre() async throws {
        try await TestSession.run(Self.theirs(via: .tar, container: "web")) { test in
            try await Self.bringUp(test, [Self.pod("web-1")])
            let told = try #require(test.events.all(.decisionMade).last)
            #expect(told.text("reason")?.hasSuffix("no container of web-1 is named \"web\"; it has main") == true)
        }
    }

    @Test func aWorkloadThatIsNotThereIsWaitedFor() async throws {
        let missing = DevloopError(.workloadMissing, "there is no deployment/web in the namespace shop")
        try await TestSession.run(
            Self.theirs(via: .tar), prepare: { $0.connection.failApply([missing, missing]) }
        ) { test in
            let held = try await test.events.wait(.resourceHeld, resource: "site") {
                $0.text("reason") == missing.message
            }
            for _ in 0..<2 {
                try await test.until("it waits") { test.clock.sleepers == 1 }
                test.clock.advance(by: .seconds(2))
            }
            try await test.events.wait("site", is: "starting", after: held.sequence)
            #expect(test.connection.located.count == 3)
        }
    }

    @Test(arguments: [ForeignContainers.Via.agent, .tar])
    func aCommandRunsWhereNothingCanBeSynced(_ via: ForeignContainers.Via) async throws {
        try await TestSession.run(
            Self.custom(via: via),
            prepare: { test in
                test.connection.setDeployResults([
                    CustomResult(objects: [], podSelectors: [["app": "site"]], generation: "custom-1")
                ])
            }
        ) { test in
            let last = try await Self.bringUp(test, [Self.pod("web-1")])
            #expect(test.connection.deployed.count == 1)
            // An ignored file is none of its deps.
            test.watch.save("/project/www/docs/a")
            try await test.events.wait(.decisionMade, after: last) {
                $0.text("reason") == "no resource uses these files"
            }
            if via == .tar { try #require(test.connection.syncs.first).failNext(Self.impossible) }
            test.watch.save("/project/www/a")
            if via == .tar {
                let failed = try await test.events.wait(.syncFailed, after: last)
                #expect(failed.text("next") == "apply_cmd" && failed.text("message") == "no tar")
            } else {
                let decided = try await test.events.wait(.decisionMade, resource: "site", after: last)
                #expect(decided.text("action") == "apply")
                #expect(decided.text("reason")?.contains("it is not synced: its Pods have no agent") == true)
            }
            try await test.until("it was applied again") { test.connection.deployed.count == 2 }
            try await test.events.wait(.saveServed, after: last)
        }
    }

    private static let impossible = DevloopError(.syncImpossible, "no tar", hint: "take another image")

    @Test func theCommandRunsOnceForASave() async throws {
        try await TestSession.run(
            Self.custom(via: .tar),
            prepare: { test in
                test.connection.setDeployResults([
                    CustomResult(objects: [], podSelectors: [["app": "site"]], generation: "custom-1")
                ])
            }
        ) { test in
            let last = try await Self.bringUp(test, [Self.pod("web-1")])
            test.connection.failAttach(Array(repeating: Self.impossible, count: 2))
            try #require(test.connection.syncs.first).failNext(Self.impossible)
            test.watch.save("/project/www/a")
            try await test.events.wait(.syncFailed, after: last) { $0.text("next") == "apply_cmd" }
            let failed = try await test.events.wait("site", is: "failed", after: last)
            #expect(failed.text("reason") == "no tar" && failed.text("hint") == "take another image")
            #expect(test.events.all(.syncFailed).last?.text("next") == "the next save")
            #expect(test.connection.deployed.count == 2)
        }
    }

    // MARK: One-shot commands

    private static let initial = [LiveUpdateStep.initialSync] + steps

    private static func oneShot(_ prepare: (TestSession) -> Void) async throws -> (SessionEnd, TestSession) {
        var result: (SessionEnd, TestSession)?
        try await TestSession.run(
            Self.theirs(via: .tar, Self.initial), mode: .ci,
            options: { $0.files = { $0 == "/project/www" ? ["/project/www/a"] : [] } }, prepare: prepare
        ) { test in
            try await test.events.wait("site", is: "starting")
            var pod = Self.pod("web-1")
            pod.isProven = true
            test.connection.setPods("site", [pod])
            result = (try await test.end(), test)
        }
        return try #require(result)
    }

    @Test func aOneShotCommandBringsWhatInitialSyncAsksFor() async throws {
        let (end, test) = try await Self.oneShot { _ in }
        #expect(end.status == .ok)
        #expect(test.connection.syncs.first?.sets.first?.files.map(\.destination) == ["/srv/a"])
    }

    @Test func aOneShotCommandFailsWhenNobodyCanProveTheState() async throws {
        let (end, test) = try await Self.oneShot { test in
            var report = test.connection.report()
            report.unverified = "the image of web-1/main has no sha256sum"
            test.connection.setReport(report)
        }
        #expect(end.status == .workFailed)
        #expect(end.reason?.contains("is not verified: the image of web-1/main has no sha256sum") == true)
        let committed = try #require(test.events.all(.syncCommitted).first)
        #expect(committed.fields["verified"] == false)
        #expect(test.events.all(.syncWarned).count == 1)
    }

    @Test func upTellsThatNobodyCanProveTheStateAndGoesOn() async throws {
        try await TestSession.run(
            Self.theirs(via: .tar, Self.initial),
            options: { $0.files = { $0 == "/project/www" ? ["/project/www/a"] : [] } },
            prepare: { test in
                var report = test.connection.report()
                report.unverified = "the image of web-1/main has no sha256sum"
                test.connection.setReport(report)
            }
        ) { test in
            try await Self.bringUp(test, [Self.pod("web-1")])
            let warned = try #require(test.events.all(.syncWarned).first)
            #expect(
                warned.text("message")
                    == "what was sent to web-1 is not verified: the image of web-1/main has no sha256sum")
        }
    }

    @Test func aOneShotCommandFailsWhenFilesCannotBeBrought() async throws {
        let (end, test) = try await Self.oneShot { $0.connection.failAttach([Self.impossible]) }
        #expect(end.status == .workFailed && end.reason == "site: no tar")
        #expect(test.events.all(.syncFailed).count == 1)
    }
}
