// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// The path of one save, from the change set to `save.served`.
@Suite(.timeLimit(.minutes(1)))
struct SessionSaveTests {
    private static let page = FileMapping(source: "/project/Public", destination: "/app/Public")

    @Test func aSwiftFileIsBuiltSyncedAndServed() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.watch.save(Samples.mainFile)
            let changed = try await test.events.wait(.fileChanged, after: last)
            #expect(changed.save == 1)
            #expect(changed.fields["files"] == ["Sources/web/main.swift"])
            let decision = try await test.events.wait(.decisionMade, resource: "web", after: last)
            #expect(decision.text("action") == "build")
            #expect(decision.text("reason") == "product web is made from it")
            try await test.until("a build runs") { test.build.runningCount == 1 }
            #expect(test.build.all.last?.changedFiles == [Samples.mainFile])
            test.clock.advance(by: .milliseconds(1020))
            test.build.succeed(["web": "v2"])
            let served = try await test.events.wait(.saveServed, after: last)
            #expect(served.save == 1)
            #expect(served.resource == "web")
            #expect(served.text("way") == "sync")
            #expect(
                served.fields["stages"]?.object?.members.map { "\($0.key) \($0.value.int ?? -1)" } == [
                    "watch 3", "settle 10", "build 1000", "strip 20", "send 6", "restart 21", "ready 9",
                ])
            #expect(served.number("total") == 3 + 10 + 1020)
            // Each event of the save carries its number, and they come in the order of the path.
            let kinds = test.events.all.filter { $0.save == 1 }.map(\.kind)
            let path: [EventKind] = [
                .fileChanged, .decisionMade, .buildStarted, .buildFinished, .decisionMade, .syncStarted, .syncCommitted,
                .processRestarted, .saveServed,
            ]
            #expect(kinds == path)
            let restarted = try #require(test.events.all(.processRestarted).last)
            #expect(restarted.number("restart") == 21)
            #expect(restarted.number("ready") == 9)
            let set = try #require(test.connection.syncs.last?.sets.last)
            var program = SyncSet.File(
                source: "/out/web", destination: "/devloop/app/web", isExecutable: true, isEntry: true)
            program.digest = "v2"
            #expect(set.files == [program])
            #expect(test.connection.images.count == 1)
        }
    }

    @Test func aBrokenFileIsToldTheOldProcessStaysAndTheNextGoodSaveHeals() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            let sets = test.connection.syncs.map(\.sets.count)
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.fail(Samples.mainFile, line: 7, column: 3, "cannot find 'x' in scope")
            let diagnosed = try await test.events.wait(.buildDiagnosed, after: last)
            #expect(diagnosed.save == 1)
            #expect(diagnosed.text("file") == Samples.mainFile)
            #expect(diagnosed.number("line") == 7)
            #expect(diagnosed.number("column") == 3)
            #expect(diagnosed.text("message") == "cannot find 'x' in scope")
            let failed = try await test.events.wait("web", is: "failed", after: last)
            #expect(failed.text("reason") == "Sources/web/main.swift:7:3: cannot find 'x' in scope")
            #expect(failed.text("hint") != nil)
            let finished = try #require(test.events.all(.buildFinished).last)
            #expect(finished.text("result") == "failed")
            #expect(finished.number("errors") == 1)
            #expect(test.connection.syncs.map(\.sets.count) == sets)
            #expect(test.connection.restarted.isEmpty)

            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v3"])
            let served = try await test.events.wait(.saveServed, after: failed.sequence) { $0.save == 2 }
            #expect(served.text("way") == "sync")
            try await test.events.wait("web", is: "ready", after: failed.sequence)
        }
    }

    @Test func aNewerSaveSupersedesTheBuildOfAnOlderOne() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.watch.save("/project/Sources/web/Other.swift")
            let ended = try await test.events.wait(.buildFinished, after: last)
            #expect(ended.text("result") == "superseded")
            #expect(ended.save == 1)
            try await test.until("the next build runs") { test.build.runningCount == 1 && test.build.all.count == 3 }
            #expect(test.build.all.last?.changedFiles == [Samples.mainFile, "/project/Sources/web/Other.swift"])
            test.build.succeed(["web": "v2"])
            try await test.events.wait(.saveServed, after: last) { $0.save == 1 }
            try await test.events.wait(.saveServed, after: last) { $0.save == 2 }
            #expect(test.connection.syncs.last?.sets.last?.files.count == 1)
        }
    }

    @Test func equalBytesAskForNothing() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            let sets = test.connection.syncs.map(\.sets.count)
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v1"])
            let decision = try await test.events.wait(.decisionMade, after: last) { $0.text("action") == "nothing" }
            #expect(decision.text("reason") == "the new executable has the same bytes")
            try await test.events.wait("web", is: "ready", after: last)
            #expect(test.connection.syncs.map(\.sets.count) == sets)
        }
    }

    @Test func aStaticFileIsSyncedWithoutABuild() async throws {
        try await TestSession.run(Samples.web(resources: [Self.page])) { test in
            let last = try await test.bringUp()
            test.connection.setReport(
                SyncReport(
                    sent: 40, send: .milliseconds(2), restart: nil, ready: nil, runningDigest: "d", earlyExit: nil))
            test.watch.save("/project/Public/css/site.css")
            let decision = try await test.events.wait(.decisionMade, resource: "web", after: last)
            #expect(decision.text("action") == "sync")
            #expect(decision.text("reason") == "site.css goes to /app/Public/css/site.css")
            let served = try await test.events.wait(.saveServed, after: last)
            #expect(served.fields["stages"] == ["watch": 3, "settle": 10, "send": 2])
            #expect(test.build.all.count == 1)
            let set = try #require(test.connection.syncs.last?.sets.last)
            #expect(set.files.map(\.destination) == ["/devloop/app/web", "/app/Public/css/site.css"])
            #expect(test.events.all(.processRestarted).filter { $0.save == 1 }.isEmpty)

            // Gone here, gone there.
            test.gone.add("/project/Public/css/site.css")
            test.watch.save("/project/Public/css/site.css")
            try await test.events.wait(.saveServed, after: served.sequence)
            #expect(test.connection.syncs.last?.sets.last?.deletions.map(\.path) == ["/app/Public/css/site.css"])
        }
    }

    @Test("S15 a folder that disappears empties no container, and what it lacks when it is back is deleted")
    func aFolderThatDisappears() async throws {
        try await TestSession.run(Samples.web(resources: [Self.page])) { test in
            let last = try await test.bringUp()
            let (one, two) = ("/project/Public/one.css", "/project/Public/two.css")
            test.watch.save(one, two)
            let served = try await test.events.wait(.saveServed, after: last)
            let sets = test.connection.syncs.last?.sets.count
            for path in [one, two, "/project/Public/."] { test.gone.add(path) }
            test.watch.save(one, two)
            let warned = try await test.events.wait(.syncWarned, after: served.sequence)
            #expect(warned.text("message") == "Public is gone: containers keep its 2 files")
            #expect(warned.save == 2)
            let decision = try await test.events.wait(.decisionMade, after: served.sequence)
            #expect(decision.text("action") == "nothing")
            #expect(test.connection.syncs.last?.sets.count == sets)
            // A build meanwhile brings the program, and deletes nothing.
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            let built = try await test.events.wait(.saveServed, after: warned.sequence)
            #expect(test.connection.syncs.last?.sets.last?.deletions == [])
            #expect(test.connection.syncs.last?.sets.last?.files.map(\.destination) == ["/devloop/app/web"])

            test.gone.remove(one)
            test.gone.remove("/project/Public/.")
            test.watch.save(one)
            try await test.events.wait(.saveServed, after: built.sequence)
            let set = try #require(test.connection.syncs.last?.sets.last)
            #expect(set.files.map(\.destination) == ["/devloop/app/web", "/app/Public/one.css"])
            #expect(set.deletions.map(\.path) == ["/app/Public/two.css"])
        }
    }

    /// The states that were told of the resource.
    private static func states(_ test: TestSession, after sequence: Int) -> [String] {
        test.events.all(.resourceChanged).filter { $0.sequence > sequence }.compactMap { $0.fields["state"]?.string }
    }

    /// Nor does the resource count as ready meanwhile, whatever else is synced.
    @Test func aSaveIsNotServedBeforeItsBuildIs() async throws {
        try await TestSession.run(Samples.web(resources: [Self.page])) { test in
            let last = try await test.bringUp()
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            // A second save needs no build: it is served at once, the first is not.
            test.watch.save("/project/Public/index.html")
            let page = try await test.events.wait(.saveServed, after: last)
            #expect(page.save == 2)
            // A third one changes both at once.
            test.watch.save("/project/Public/index.html", "/project/Sources/web/Other.swift")
            try await test.events.wait(.syncCommitted, after: page.sequence) { $0.save == 3 }
            try await test.until("the next build runs") { test.build.runningCount == 1 && test.build.all.count == 3 }
            #expect(test.events.all(.saveServed).map(\.save) == [2])
            #expect(Self.states(test, after: last).allSatisfy { $0 == "building" })
            test.build.succeed(["web": "v2"])
            try await test.events.wait(.saveServed, after: page.sequence) { $0.save == 1 }
            try await test.events.wait(.saveServed, after: page.sequence) { $0.save == 3 }
        }
    }

    @Test func aSaveWhoseBuildFailedIsNotServedByAnotherFile() async throws {
        try await TestSession.run(Samples.web(resources: [Self.page])) { test in
            let last = try await test.bringUp()
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.fail(Samples.mainFile, line: 1, column: 1, "no")
            try await test.events.wait("web", is: "failed", after: last)
            test.watch.save("/project/Public/index.html")
            let page = try await test.events.wait(.saveServed, after: last)
            #expect(page.save == 2)
            #expect(Self.states(test, after: last).last == "failed")
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            #expect(test.events.all(.saveServed).map(\.save) == [2])
            test.build.succeed(["web": "v2"])
            try await test.events.wait(.saveServed, after: page.sequence) { $0.save == 3 }
            #expect(Set(test.events.all(.saveServed).map(\.save)) == [1, 2, 3])
        }
    }

    @Test func withoutLiveEachBuildMakesAnImageAndWaitsForTheOldPodToGo() async throws {
        try await TestSession.run(Samples.web(live: false)) { test in
            let last = try await test.bringUp()
            #expect(test.connection.syncs.isEmpty)
            #expect(test.connection.images.first?.isLive == false)
            let old = PodStatus.ready("web-1", generation: test.connection.generation("web"))
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            try await test.events.wait(.objectApplied, resource: "web", after: last)
            try await test.until("the apply is done") { test.connection.generation("web") == "web-2" }
            let new = PodStatus.ready("web-2", generation: "web-2")
            test.connection.setPods("web", [old, new])
            try await test.events.wait(.podChanged, after: last) { $0.text("pod") == "web-2" }
            #expect(test.events.all(.saveServed).isEmpty)
            test.connection.setPods("web", [new])
            let served = try await test.events.wait(.saveServed, after: last)
            #expect(served.text("way") == "image")
            let stages = served.fields["stages"]?.object?.keys ?? []
            #expect(stages == ["watch", "settle", "build", "strip", "image", "apply", "rollout"])
            #expect(test.connection.applied.last?.references == ["shop/web": "shop/web:devloop-2"])
        }
    }

    @Test func aFileOfFallBackOnMakesAnImage() async throws {
        let steps: [LiveUpdateStep] = [.fallBackOn(["/project/schema.sql"]), .sync(Self.page)]
        try await TestSession.run(Samples.web(liveUpdate: steps)) { test in
            let last = try await test.bringUp()
            test.watch.save("/project/schema.sql")
            let decision = try await test.events.wait(.decisionMade, resource: "web", after: last)
            #expect(decision.text("action") == "image")
            #expect(decision.text("reason") == "schema.sql is in fall_back_on")
            try await test.until("an image is made") { test.connection.images.count == 2 }
        }
    }

    @Test func aFileThatNothingUsesIsToldSo() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.watch.save("/project/notes.txt")
            let decision = try await test.events.wait(.decisionMade, after: last)
            #expect(decision.resource == nil)
            #expect(decision.text("action") == "nothing")
            #expect(decision.text("reason") == "no resource uses these files")
        }
    }

    @Test func aChangedManifestIsAppliedAndOneThatLeftIsPruned() async throws {
        var plan = Plan(
            resources: [Samples.service("web", image: "nginx"), Samples.service("old", image: "redis")],
            watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan) { test in
            try await test.events.wait(.objectApplied, resource: "old")
            try await test.events.wait(.objectApplied, resource: "web")
            try await test.until("files are watched") { test.watch.isStarted }
            plan.resources = [Samples.service("web", image: "nginx:2")]
            test.spec.set(plan)
            test.watch.save(FakeSpec.file)
            let decision = try await test.events.wait(.decisionMade, resource: "web")
            #expect(decision.text("action") == "apply")
            try await test.until("web is applied again") {
                test.connection.applied.filter { $0.resource.name == "web" }.count == 2
            }
            #expect(test.connection.kept.last == ["deployment/web"])
            #expect(test.connection.applied.filter { $0.resource.name == "old" }.count == 1)
        }
    }

    @Test func linesThatMovedAreNoChange() async throws {
        var plan = Plan(
            resources: [
                Samples.service("web", image: "nginx"), Samples.local("tool", command: ["tool"]),
                Samples.local("other", command: ["other"]),
            ], watchedFiles: [FakeSpec.file])
        for index in plan.resources.indices { plan.resources[index].location = SourceLocation(file: "D", line: index) }
        try await TestSession.run(plan) { test in
            try await test.events.wait(.objectApplied, resource: "web")
            for name in ["tool", "other"] { try await test.events.wait(name, is: "ready") }
            try await test.until("files are watched") { test.watch.isStarted }
            for index in plan.resources.indices {
                plan.resources[index].location = SourceLocation(file: "D", line: index + 10)
            }
            plan.resources[2] = Samples.local("other", command: ["other", "-v"])
            test.spec.set(plan)
            test.watch.save(FakeSpec.file)
            try await test.until("what changed runs") { test.commands.ran.last == ["other", "-v"] }
            #expect(test.commands.ran.filter { $0 == ["tool"] }.count == 1)
            #expect(test.connection.applied.count == 1)
            let names = test.events.all(.decisionMade).compactMap(\.resource)
            #expect(names == ["other"])
        }
    }

    @Test func aManualResourceWaitsForItsTrigger() async throws {
        var plan = Samples.web(live: false)
        plan.resources[0].triggerMode = .manual
        let manual = plan
        try await TestSession.run(manual) { test in
            let last = try await test.bringUp()
            test.watch.save("/project/Devloopfile")
            try await test.events.wait(.planLoaded, after: last)
            #expect(test.connection.applied.count == 1)
            await test.session.trigger("web")
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            try await test.until("it is applied") { test.connection.applied.count >= 2 }
        }
    }
}
