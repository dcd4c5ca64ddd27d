// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// The streams to agents: what happens when containers or streams come and go.
@Suite(.timeLimit(.minutes(1)))
struct SessionSyncTests {
    @Test func aBrokenStreamIsOpenedAgainAndTheContainerComparedAgain() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            let first = try #require(test.connection.syncs.first)
            first.breakOff()
            try await test.until("it is attached again") { test.connection.syncs.count == 2 }
            try await test.until("the set was compared") { test.connection.syncs[1].sets.count == 1 }
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            try await test.events.wait(.saveServed, after: last)
        }
    }

    @Test("S24 a save while the cluster is away is synced when it answers again")
    func aSaveDuringAnOutage() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            let away = DevloopError(.clusterUnreachable, "nobody answers")
            test.connection.failAttach(Array(repeating: away, count: 8))
            try #require(test.connection.syncs.first).breakOff()
            let failed = try await test.events.wait(.syncFailed, after: last)
            #expect(failed.text("next") == "the stream is opened again")
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            let decision = try await test.events.wait(.decisionMade, after: last) { $0.text("action") == "sync" }
            for _ in 0..<8 {
                try await test.until("it waits") { test.clock.sleepers == 1 }
                test.clock.advance(by: .milliseconds(600))
            }
            try await test.events.wait(.saveServed, after: decision.sequence)
            #expect(test.connection.syncs.last?.sets.last?.files.first?.digest == "v2")
            #expect(test.events.all(.syncFailed).count == 1)
            #expect(test.connection.images.count == 1)
        }
    }

    @Test func aFailedSyncIsToldAndTriedAgain() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.connection.syncs.last?.failNext(
                DevloopError(.syncDisconnected, "the stream ended", hint: "it is opened again"))
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            let failed = try await test.events.wait(.syncFailed, after: last)
            #expect(failed.text("message") == "the stream ended")
            #expect(failed.text("next") == "the stream is opened again")
            try await test.until("it waits") { test.clock.sleepers == 1 }
            test.clock.advance(by: .milliseconds(200))
            let served = try await test.events.wait(.saveServed, after: last)
            #expect(served.save == 1)
            #expect(test.connection.syncs.count == 2)
        }
    }

    @Test func whatCannotBeSyncedBecomesAnImage() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.connection.syncs.last?.failNext(DevloopError(.syncImpossible, "the file system is read-only"))
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            let failed = try await test.events.wait(.syncFailed, after: last)
            #expect(failed.text("next") == "a new image")
            try await test.until("an image is made") { test.connection.images.count == 2 }
            #expect(test.connection.images.last?.artifact?.digest == "v2")
        }
    }

    @Test func aContainerOfAnotherSessionIsLeftAlone() async throws {
        let busy = DevloopError(.syncBusy, "another devloop has it", hint: "end the other one")
        try await TestSession.run(Samples.web()) { test in
            test.connection.failAttach([busy, busy])
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v1"])
            try await test.events.wait("web", is: "starting")
            test.connection.setPods("web", [.ready("web-1", generation: test.connection.generation("web"))])
            let failed = try await test.events.wait("web", is: "failed")
            #expect(failed.text("reason") == "another devloop has it")
            #expect(failed.text("hint") == "end the other one")
            for _ in 0..<2 {
                try await test.until("it waits") { test.clock.sleepers == 1 }
                test.clock.advance(by: .seconds(2))
            }
            try await test.events.wait("web", is: "ready", after: failed.sequence)
            #expect(test.connection.applied.count == 1)
            #expect(test.events.all(.syncFailed).count == 1)
        }
    }

    @Test func aNewContainerGetsTheNewestSet() async throws {
        try await TestSession.run(Samples.web()) { test in
            try await test.bringUp()
            let generation = test.connection.generation("web")
            test.connection.setPods("web", [.ready("web-1", generation: generation, id: "c2")])
            try await test.until("the new container is attached") {
                test.connection.syncs.count == 2 && test.connection.syncs[1].sets.count == 1
            }
            try await test.until("the old stream is closed") { test.connection.syncs[0].isClosed }
        }
    }

    @Test func everyReplicaGetsTheSetBeforeTheSaveIsServed() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            let generation = test.connection.generation("web")
            test.connection.setPods(
                "web", [.ready("web-1", generation: generation), .ready("web-2", generation: generation)])
            try await test.until("both are attached") {
                test.connection.syncs.count == 2 && test.connection.syncs.allSatisfy { $0.sets.count == 1 }
            }
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            let served = try await test.events.wait(.saveServed, after: last)
            let committed = test.events.all(.syncCommitted).filter { $0.save == 1 }
            #expect(Set(committed.compactMap { $0.text("pod") }) == ["web-1", "web-2"])
            #expect(committed.allSatisfy { $0.sequence < served.sequence })
        }
    }

    /// The last container that lacks the set is on its way out: nothing else has to come for the save to be served.
    @Test func aContainerThatGoesHoldsNoSave() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            let generation = test.connection.generation("web")
            let first = PodStatus.ready("web-1", generation: generation)
            test.connection.setPods("web", [first, .ready("web-2", generation: generation)])
            try await test.until("both are attached") {
                test.connection.syncs.count == 2 && test.connection.syncs.allSatisfy { $0.sets.count == 1 }
            }
            let away = DevloopError(.clusterUnreachable, "nobody answers")
            test.connection.failAttach(Array(repeating: away, count: 8))
            try #require(test.connection.syncs.first { $0.pod == "web-2" }).breakOff()
            try await test.events.wait(.syncFailed, after: last)
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            try await test.events.wait(.syncCommitted, after: last) { $0.save == 1 }
            #expect(test.events.all(.saveServed).isEmpty)
            test.connection.setPods(
                "web", [first, .make("web-2", generation: generation, verdict: .ready, isTerminating: true)])
            try await test.events.wait(.saveServed, after: last)
            try await test.events.wait("web", is: "ready", after: last)
        }
    }

    @Test func anAppThatEndsAtOnceIsAFailureAndNotServed() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.connection.setReport(
                SyncReport(
                    sent: 10, send: .milliseconds(1), restart: .milliseconds(1), ready: nil, runningDigest: "d",
                    earlyExit: (code: 3, message: "the app ended with exit code 3 after 20 ms")))
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            let exited = try await test.events.wait(.processExited, after: last)
            #expect(exited.number("code") == 3)
            #expect(exited.save == 1)
            try await test.events.wait("web", is: "failed", after: last)
            #expect(test.events.all(.saveServed).isEmpty)
        }
    }

    @Test func anAppThatEndsLaterIsTold() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.connection.syncs.last?.tell(.exited(code: 9, message: "the app ended with exit code 9"))
            let exited = try await test.events.wait(.processExited, after: last)
            #expect(exited.text("pod") == "web-1")
            let failed = try await test.events.wait("web", is: "failed", after: last)
            #expect(failed.text("reason") == "web-1: the app ended with exit code 9")
        }
    }

    @Test func withoutARunningContainerASaveBecomesAnImage() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.connection.setPods("web", [])
            try await test.events.wait(.podChanged, after: last) { $0.text("phase") == "Gone" }
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            let decision = try await test.events.wait(.decisionMade, after: last) { $0.text("action") == "image" }
            #expect(decision.text("reason") == "no running container to sync to")
            try await test.until("an image is made") { test.connection.images.count == 2 }
        }
    }

    @Test func aCrashingPodIsToldWithItsCause() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.connection.setPods("web", [.crashing("web-1", generation: test.connection.generation("web"))])
            let changed = try await test.events.wait(.podChanged, after: last)
            #expect(changed.text("reason") == "CrashLoopBackOff")
            #expect(changed.number("restarts") == 2)
            #expect(changed.text("hint") != nil)
            let state = try await test.events.wait("web", is: "crashing", after: last)
            #expect(state.text("reason") == "web-1: main ended with exit code 2")
        }
    }

    @Test func theUserCanRestartPods() async throws {
        try await TestSession.run(Samples.web()) { test in
            try await test.bringUp()
            await test.session.restart("web")
            try await test.until("the Pod is deleted") { test.connection.restarted == ["web-1"] }
        }
    }

    /// The report of a set that was taken back; else the agent tells of it later.
    @Test(
        "S26 what was deleted with a set that was taken back is deleted again with the next one",
        arguments: [true, false])
    func whatWasTakenBackIsToldAgain(_ isReported: Bool) async throws {
        try await TestSession.run(
            Samples.web(resources: [FileMapping(source: "/project/Public", destination: "/app/Public")])
        ) { test in
            let last = try await test.bringUp()
            let good = test.connection.report()
            if isReported {
                var report = good
                report.earlyExit = (code: 3, message: "it ended")
                report.isRolledBack = true
                test.connection.setReport(report)
            }
            test.gone.add("/project/Public/old")
            test.watch.save("/project/Public/old")
            if !isReported {
                try await test.events.wait(.saveServed, after: last)
                test.connection.syncs.last?.tell(.exited(code: 3, message: "it ended", isRolledBack: true))
            }
            let failed = try await test.events.wait("web", is: "failed", after: last)
            test.connection.setReport(good)
            test.watch.save("/project/Public/new")
            try await test.events.wait(.saveServed, after: failed.sequence) { $0.save == 2 }
            let set = try #require(test.connection.syncs.last?.sets.last)
            #expect(set.deletions.map(\.path) == ["/app/Public/old"])
            #expect(set.files.map(\.destination).contains("/app/Public/new"))
            // Once it stays, it is done.
            test.watch.save("/project/Public/more")
            try await test.events.wait(.saveServed, after: failed.sequence) { $0.save == 3 }
            #expect(test.connection.syncs.last?.sets.last?.deletions == [])
        }
    }

    @Test("S26 a program that was taken back and is no longer wanted leaves no failure")
    func whatRunsIsWantedAgain() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.connection.setReport(
                SyncReport(
                    sent: 10, send: .zero, restart: .zero, ready: nil, runningDigest: "v1",
                    earlyExit: (code: 3, message: "it ended; what ran before runs again")))
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v2"])
            let failed = try await test.events.wait("web", is: "failed", after: last)
            // As it was: the container has it, and nothing is sent.
            test.connection.setReport(
                SyncReport(sent: 0, send: .zero, restart: nil, ready: nil, runningDigest: "v1", earlyExit: nil))
            test.watch.save(Samples.mainFile)
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.succeed(["web": "v1"])
            try await test.events.wait("web", is: "ready", after: failed.sequence)
        }
    }

    @Test("S18 what was left out of a set is told once, and the rest is served")
    func problemsAreTold() async throws {
        try await TestSession.run(
            Samples.web(resources: [FileMapping(source: "/project/Public", destination: "/app/Public")])
        ) { test in
            let last = try await test.bringUp()
            var report = test.connection.report()
            report.problems = ["the link /project/Public/x is not synced: it leads nowhere"]
            test.connection.setReport(report)
            for save in 1...2 {
                test.watch.save("/project/Public/css/site.css")
                try await test.events.wait(.saveServed, after: last) { $0.save == save }
            }
            let told = test.events.all(.syncWarned)
            #expect(told.count == 1)
            #expect(told.first?.text("message") == report.problems[0])
            #expect(told.first?.text("pod") == "web-1")
        }
    }

    @Test("S22 what the watcher warns of is told")
    func watchWarningsAreTold() async throws {
        try await TestSession.run(Samples.web()) { test in
            try await test.bringUp()
            test.watch.warn("the limit is reached (8192)", hint: "sudo sysctl more")
            let told = try await test.events.wait(.watchWarned)
            #expect(told.text("message") == "the limit is reached (8192)")
            #expect(told.text("hint") == "sudo sysctl more")
        }
    }

    @Test func aBrokenWatchIsTold() async throws {
        try await TestSession.run(Samples.web()) { test in
            let last = try await test.bringUp()
            test.connection.tell(.disconnected(DevloopError(.clusterUnreachable, "the connection was lost")))
            let failed = try await test.events.wait(.clusterFailed, after: last)
            #expect(failed.text("message") == "the connection was lost")
            #expect(failed.text("waiting") == "tried again")
            test.connection.tell(
                .warning(
                    ClusterWarning(
                        resource: "web", object: "pod/web-1", reason: "Unhealthy", message: "probe failed", count: 3)))
            let warned = try await test.events.wait(.podWarned, resource: "web")
            #expect(warned.number("count") == 3)
        }
    }
}
