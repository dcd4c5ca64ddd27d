// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// Live updates of images that devloop does not pack.
@Suite(.timeLimit(.minutes(1)))
struct SessionLiveTests {
    static let page = "/project/site/www/page.html"

    static func plan(_ more: [LiveUpdateStep] = [], first: [LiveUpdateStep] = []) -> Plan {
        let build = DockerBuild(context: "/project/site", dockerfile: nil, text: "FROM scratch")
        let image = Image(
            ref: "shop/site", builder: .docker(build),
            liveUpdate: first + [.sync(FileMapping(source: "/project/site/www", destination: "/www"))] + more)
        return Plan(
            resources: [Samples.service("site")], images: [image], watchedFiles: ["/project/Devloopfile"])
    }

    /// Deployed, its Pod ready, the agent attached. The last event's number.
    @discardableResult
    static func bringUp(_ test: TestSession, ready: Bool = true) async throws -> Int {
        try await test.events.wait(.objectApplied, resource: "site")
        try await test.events.wait("site", is: "starting")
        test.connection.setPods("site", [.ready("site-1", generation: test.connection.generation("site"))])
        let last = ready ? try await test.events.wait("site", is: "ready").sequence : 0
        try await test.until("files are watched") { test.watch.isStarted }
        return last
    }

    @Test func anEditIsSyncedByAnInjectedAgentWithoutAnImage() async throws {
        try await TestSession.run(Self.plan([.restart])) { test in
            let last = try await Self.bringUp(test)
            let told = try await test.events.wait(.decisionMade, resource: "site")
            #expect(told.text("action") == "sync")
            #expect(told.text("reason")?.contains("an init container brings the agent") == true)
            #expect(test.connection.attached == [true])
            let apply = try #require(test.connection.applied.first)
            #expect(
                apply.live == ["shop/site": LiveProgram(entrypoint: ["/bin/server"], arguments: [], isInjected: true)])
            test.watch.save(Self.page)
            let served = try await test.events.wait(.saveServed, after: last)
            #expect(served.text("way") == "sync")
            #expect(test.events.all(.syncStarted).last?.text("way") == "injected")
            let set = try #require(test.connection.syncs.last?.sets.last)
            #expect(set.files.map(\.destination) == ["/www/page.html"])
            #expect(set.restarts)
            #expect(test.connection.images.count == 1)
        }
    }

    @Test func oneShotCommandsBringNoAgent() async throws {
        try await TestSession.run(Self.plan(), mode: .run) { test in
            try await test.events.wait(.objectApplied, resource: "site")
            let live = test.connection.applied.first?.live
            #expect(live == [:])
            test.connection.setPods("site", [.ready("site-1", generation: test.connection.generation("site"))])
            #expect(try await test.end().status == .ok)
            #expect(test.connection.attached.isEmpty)
            #expect(test.events.all(.decisionMade).isEmpty)
        }
    }

    @Test func withoutAKnownProgramEachChangeMakesAnImage() async throws {
        let program = ImageProgram(entrypoint: nil, problem: "no registry answers")
        try await TestSession.run(Self.plan(), prepare: { $0.connection.setProgram(program) }) { test in
            let last = try await Self.bringUp(test)
            let told = try await test.events.wait(.decisionMade, resource: "site")
            #expect(told.text("action") == "image")
            #expect(told.text("reason") == "each change of shop/site makes an image: no registry answers")
            #expect(test.connection.attached.isEmpty)
            let live = test.connection.applied.first?.live
            #expect(live == [:])
            test.watch.save(Self.page)
            let decided = try await test.events.wait(.decisionMade, after: last) { $0.text("action") == "image" }
            #expect(
                decided.text("reason")
                    == "page.html is part of shop/site, which is not synced: no registry answers")
            try await test.until("an image is made") { test.connection.images.count == 2 }
        }
    }

    @Test func aNewContainerIsBroughtUpToDateBeforeItIsReady() async throws {
        try await TestSession.run(Self.plan([.run(arguments: ["index"], triggers: [])])) { test in
            let last = try await Self.bringUp(test)
            test.watch.save(Self.page)
            let served = try await test.events.wait(.saveServed, after: last)
            let generation = test.connection.generation("site")
            test.connection.setPods("site", [.ready("site-2", generation: generation, id: "c2")])
            let ready = try await test.events.wait("site", is: "ready", after: served.sequence)
            let committed = try await test.events.wait(.syncCommitted, after: served.sequence) {
                $0.text("pod") == "site-2"
            }
            #expect(committed.sequence < ready.sequence)
            // The commands too: what they have made is not in the image.
            #expect(test.connection.syncs.last?.sets.map(\.commands) == [[["index"]]])
            #expect(test.connection.syncs.last?.sets.first?.files.map(\.destination) == ["/www/page.html"])
            #expect(test.connection.images.count == 1)
        }
    }

    @Test func everyContainerRunsTheCommandsOnce() async throws {
        try await TestSession.run(Self.plan([.run(arguments: ["index"], triggers: [])])) { test in
            let last = try await Self.bringUp(test)
            let generation = test.connection.generation("site")
            test.connection.setPods(
                "site", [.ready("site-1", generation: generation), .ready("site-2", generation: generation)])
            try await test.until("both are attached") {
                test.connection.syncs.count == 2 && test.connection.syncs.allSatisfy { $0.sets.count == 1 }
            }
            test.watch.save(Self.page)
            let served = try await test.events.wait(.saveServed, after: last)
            #expect(test.connection.syncs.map { $0.sets.last?.commands } == [[["index"]], [["index"]]])
            // A stream that is opened again finds them done.
            test.connection.syncs[0].breakOff()
            try await test.until("it is attached again") {
                test.connection.syncs.count == 3 && test.connection.syncs[2].sets.count == 1
            }
            #expect(test.connection.syncs[2].sets.first?.commands == [])
            #expect(served.save == 1)
        }
    }

    @Test func aCommandThatFailsIsTheResourcesFailureUntilItSucceeds() async throws {
        try await TestSession.run(Self.plan([.run(arguments: ["index"], triggers: [])])) { test in
            let last = try await Self.bringUp(test)
            test.connection.syncs.last?.failNext(DevloopError(.syncRun, "'index' in site-1 failed", hint: "mend it"))
            test.watch.save(Self.page)
            let failed = try await test.events.wait(.syncFailed, after: last)
            #expect(failed.text("next") == "the next save")
            let state = try await test.events.wait("site", is: "failed", after: last)
            #expect(state.text("reason") == "'index' in site-1 failed")
            #expect(test.events.all(.saveServed).isEmpty)
            // A Pod that looks well does not hide it.
            let generation = test.connection.generation("site")
            test.connection.setPods(
                "site", [.make("site-1", generation: generation, verdict: .ready, word: "Running again")])
            try await test.events.wait(.podChanged, after: state.sequence)
            test.watch.save("/project/site/www/other.html")
            let served = try await test.events.wait(.saveServed, after: state.sequence)
            #expect(test.events.all(.resourceChanged).filter { $0.text("state") == "ready" }.count == 2)
            #expect(test.connection.syncs.last?.sets.last?.commands == [["index"]])
            #expect(served.save == 1 || served.save == 2)
            #expect(test.connection.images.count == 1)
        }
    }

    @Test func whatCannotBeWrittenBecomesAnImageOnce() async throws {
        try await TestSession.run(Self.plan()) { test in
            let last = try await Self.bringUp(test)
            test.connection.syncs.last?.failNext(DevloopError(.syncImpossible, "/www is read-only"))
            test.watch.save(Self.page)
            let failed = try await test.events.wait(.syncFailed, after: last)
            #expect(failed.text("next") == "a new image")
            try await test.until("it is applied") { test.connection.applied.count == 2 }
            #expect(test.connection.images.count == 2)
            test.connection.setPods(
                "site", [.ready("site-2", generation: test.connection.generation("site"), id: "c2")])
            let served = try await test.events.wait(.saveServed, after: last)
            #expect(served.text("way") == "image")
            // The image has the change: nothing is left to sync.
            try await test.until("the new container was compared") { test.connection.syncs.last?.sets.count == 1 }
            #expect(test.connection.syncs.last?.sets.first?.files == [])
            #expect(test.connection.images.count == 2)
        }
    }

    /// An API server that restarts is no reason for an image.
    @Test func aClusterThatIsAwayIsWaitedFor() async throws {
        try await TestSession.run(Self.plan()) { test in
            let last = try await Self.bringUp(test)
            test.connection.failAttach(
                Array(repeating: DevloopError(.clusterUnreachable, "connection refused"), count: 6))
            test.connection.syncs.last?.breakOff()
            test.watch.save(Self.page)
            for _ in 1...6 {
                try await test.until("an attempt has failed") { test.clock.sleepers == 1 }
                test.clock.advance(by: .seconds(4))
            }
            let served = try await test.events.wait(.saveServed, after: last)
            #expect(served.text("way") == "sync")
            // The same cause is told once.
            #expect(test.events.all(.syncFailed).map { $0.text("next") } == ["the stream is opened again"])
            #expect(test.connection.images.count == 1)
        }
    }

    /// A container whose agent was given up gets a change with an image, and at once.
    @Test func aSaveForAContainerThatWasGivenUpBecomesAnImage() async throws {
        try await TestSession.run(Self.plan()) { test in
            let last = try await Self.bringUp(test)
            test.connection.failAttach(Array(repeating: DevloopError(.sync, "the agent talks nonsense"), count: 4))
            test.connection.syncs.last?.breakOff()
            for attempt in 1...4 {
                try await test.until("attempt \(attempt) has failed") {
                    test.clock.sleepers == 1 && test.events.all(.syncFailed).count == attempt
                }
                if attempt < 4 { test.clock.advance(by: .seconds(1)) }
            }
            #expect(test.events.all(.syncFailed).last?.text("next") == "tried again in 10 s")
            test.watch.save(Self.page)
            let decision = try await test.events.wait(.decisionMade, after: last) { $0.text("action") == "image" }
            #expect(decision.text("reason") == "no running container to sync to")
            try await test.until("an image is made") { test.connection.images.count == 2 }
        }
    }

    @Test func anImageOfTwoWorkloadsIsMadeForBothWhenOneCannotBeSynced() async throws {
        var plan = Self.plan()
        var rollout = KubernetesResource(objects: [Samples.object("Rollout", "canary", image: "shop/site")])
        rollout.images = ["shop/site"]
        plan.resources.append(Resource(name: "canary", kind: .k8s(rollout)))
        try await TestSession.run(plan) { test in
            let last = try await Self.bringUp(test)
            try await test.events.wait("canary", is: "starting")
            test.watch.save(Self.page)
            try await test.events.wait(.decisionMade, resource: "canary", after: last) {
                $0.text("reason")?.contains("no Pod template of canary that devloop knows runs shop/site") == true
            }
            // Else the one would keep an image without the change, and the session forget that there is one.
            try await test.until("both are applied again") {
                test.connection.applied.map(\.resource.name).sorted() == ["canary", "canary", "site", "site"]
            }
        }
    }

    @Test func anImageThatIsMadeForOneWorkloadIsAppliedToTheOthersThatWereSynced() async throws {
        var plan = Self.plan()
        plan.resources.append(Samples.service("twin", image: "shop/site"))
        try await TestSession.run(plan) { test in
            for name in ["site", "twin"] {
                try await test.events.wait(name, is: "starting")
                test.connection.setPods(name, [.ready("\(name)-1", generation: test.connection.generation(name))])
            }
            for name in ["site", "twin"] { try await test.events.wait(name, is: "ready") }
            try await test.until("files are watched") { test.watch.isStarted }
            test.watch.save(Self.page)
            for name in ["site", "twin"] { try await test.events.wait(.saveServed, resource: name) }
            await test.session.trigger("site")
            let told = try await test.events.wait(.decisionMade, resource: "twin") { $0.text("action") == "apply" }
            #expect(told.text("reason") == "shop/site was made anew for site")
            try await test.until("both are applied again") {
                test.connection.applied.map(\.resource.name).sorted() == ["site", "site", "twin", "twin"]
            }
        }
    }

    @Test func anImageThatWouldBeTheSameIsNotMade() async throws {
        // initial_sync cannot be carried out, and no image would help.
        try await TestSession.run(
            Self.plan(first: [.initialSync]), options: { $0.files = { _ in [Self.page] } }
        ) { test in
            test.connection.failAttach([DevloopError(.syncImpossible, "/www is read-only")])
            try await Self.bringUp(test, ready: false)
            let failed = try await test.events.wait("site", is: "failed")
            #expect(failed.text("reason") == "/www is read-only")
            #expect(test.events.all(.syncFailed).first?.text("next") == "the next save")
            test.watch.save(Self.page)
            try await test.events.wait(.saveServed, after: failed.sequence)
            #expect(test.connection.images.count == 1)
        }
    }

    @Test func initialSyncBringsAllFilesToANewContainer() async throws {
        try await TestSession.run(
            Self.plan(first: [.initialSync]), options: { $0.files = { _ in [Self.page, "/project/site/www/b"] } }
        ) { test in
            try await Self.bringUp(test)
            #expect(test.connection.syncs.first?.sets.first?.files.map(\.destination) == ["/www/b", "/www/page.html"])
        }
    }

    /// A second Pod is on its way when a file is saved that is synced.
    /// - Returns: the generation of the Pods, and the number of the event that told of the second one.
    private static func saveWhileThePodStarts(_ test: TestSession) async throws -> (String, Int) {
        try await bringUp(test)
        let generation = test.connection.generation("site")
        test.connection.setPods(
            "site", [.make("site-2", generation: generation, verdict: .starting("pulling"), word: "Pending")])
        let since = try await test.events.wait(.podChanged) { $0.text("pod") == "site-2" }.sequence
        test.watch.save(page)
        try await test.events.wait(.decisionMade, after: since) { $0.text("action") == "sync" }
        return (generation, since)
    }

    @Test func aSaveWhileThePodStartsWaitsForIt() async throws {
        try await TestSession.run(Self.plan()) { test in
            let (generation, since) = try await Self.saveWhileThePodStarts(test)
            test.connection.setPods("site", [.ready("site-2", generation: generation, id: "c2")])
            let served = try await test.events.wait(.saveServed, after: since)
            #expect(served.text("way") == "sync")
            #expect(test.connection.images.count == 1)
        }
    }

    @Test func aSaveThatWaitsForACrashingContainerBecomesAnImage() async throws {
        try await TestSession.run(Self.plan()) { test in
            let (generation, since) = try await Self.saveWhileThePodStarts(test)
            test.connection.setPods("site", [.crashing("site-2", generation: generation)])
            let decision = try await test.events.wait(.decisionMade, after: since) {
                $0.text("action") == "image"
            }
            #expect(decision.text("reason")?.hasPrefix("its container ends again and again") == true)
            try await test.until("an image is made") { test.connection.images.count == 2 }
            // The new one crashes too: nothing has changed, nothing is made.
            try await test.until("it is applied") { test.connection.applied.count == 2 }
            let last = test.events.all(.objectApplied).last?.sequence ?? 0
            test.connection.setPods("site", [.crashing("site-3", generation: test.connection.generation("site"))])
            try await test.events.wait("site", is: "crashing", after: last)
            #expect(test.connection.images.count == 2)
        }
    }

    @Test func filesOfAnEarlierSessionThatNoRuleNamesCostThePod() async throws {
        try await TestSession.run(Self.plan(), prepare: { $0.connection.setRecorded(["/etc/old"]) }) { test in
            try await Self.bringUp(test, ready: false)
            let failed = try await test.events.wait(.syncFailed)
            #expect(failed.text("message")?.contains("/etc/old") == true)
            #expect(failed.text("next") == "its Pod is made anew")
            try await test.until("the Pod is deleted") { test.connection.restarted == ["site-1"] }
            test.connection.setRecorded([])
            test.connection.setPods(
                "site", [.ready("site-2", generation: test.connection.generation("site"), id: "c2")])
            try await test.events.wait("site", is: "ready")
        }
    }

    @Test func filesOfAnEarlierSessionBecomeWhatTheyAreHere() async throws {
        try await TestSession.run(
            Self.plan(),
            prepare: { test in
                test.connection.setRecorded(["/www/page.html", "/www/gone.html"])
                test.gone.add("/project/site/www/gone.html")
            }
        ) { test in
            try await Self.bringUp(test)
            let set = try #require(test.connection.syncs.first?.sets.first)
            #expect(set.files.map(\.source) == [Self.page])
            #expect(set.deletions.map(\.path) == ["/www/gone.html"])
        }
    }
}
