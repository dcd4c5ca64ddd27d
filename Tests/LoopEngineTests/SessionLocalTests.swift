// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// Commands on this machine as resources.
@Suite(.timeLimit(.minutes(1)))
struct SessionLocalTests {
    @Test func aCommandRunsOnceAndAgainOnAChange() async throws {
        let plan = Plan(
            resources: [Samples.local("generate", command: ["make"], deps: ["/project/api"])],
            watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan) { test in
            let ready = try await test.events.wait("generate", is: "ready")
            #expect(test.commands.ran == [["make"]])
            #expect(test.logs.all.contains("generate: output of make"))
            // No workload, no cluster.
            #expect(test.cluster.attemptCount == 0)
            try await test.until("files are watched") { test.watch.isStarted }
            #expect(test.watch.roots.contains("/project/api"))
            test.watch.save("/project/api/web.proto")
            let decision = try await test.events.wait(.decisionMade, resource: "generate")
            #expect(decision.text("action") == "run")
            #expect(decision.text("reason") == "web.proto is one of its deps")
            let served = try await test.events.wait(.saveServed, resource: "generate", after: ready.sequence)
            #expect(served.text("way") == "run")
            #expect(served.fields["stages"]?["run"] != nil)
            #expect(test.commands.ran == [["make"], ["make"]])
        }
    }

    @Test func aFailedCommandIsToldAndHealedByASave() async throws {
        let plan = Plan(
            resources: [Samples.local("generate", command: ["make", "all"], deps: ["/project/api"])],
            watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan, prepare: { $0.commands.setCode(2, for: "make") }) { test in
            let failed = try await test.events.wait("generate", is: "failed")
            #expect(failed.text("reason") == "make all: exit code 2")
            #expect(failed.text("hint") == "its output is in the log of generate")
            try await test.until("files are watched") { test.watch.isStarted }
            test.commands.setCode(0, for: "make")
            test.watch.save("/project/api/web.proto")
            try await test.events.wait("generate", is: "ready", after: failed.sequence)
        }
    }

    @Test func aServerIsReadyWhileItRunsAndRestartsOnAChange() async throws {
        let plan = Plan(
            resources: [Samples.local("site", serve: ["serve", "site"], deps: ["/project/site"])],
            watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan) { test in
            try await test.events.wait("site", is: "ready")
            try await test.until("it serves") { test.commands.servingCount == 1 }
            try await test.until("files are watched") { test.watch.isStarted }
            test.watch.save("/project/site/index.md")
            try await test.until("it serves again") {
                test.commands.ran.count == 2 && test.commands.servingCount == 1
            }
            test.commands.endServers(5)
            let failed = try await test.events.wait("site", is: "failed")
            #expect(failed.text("reason") == "the server ended with exit code 5")
        }
    }

    @Test func theEndStopsServers() async throws {
        let plan = Plan(resources: [Samples.local("site", serve: ["serve"])], watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan) { test in
            try await test.until("it serves") { test.commands.servingCount == 1 }
            await test.stop()
            #expect(test.commands.servingCount == 0)
        }
    }
}
