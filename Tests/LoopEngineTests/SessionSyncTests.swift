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
