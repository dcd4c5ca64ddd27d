// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import LoopEngine
import Plan
import Testing

/// `run` and `ci`: they end by themselves, with the right code and cause.
@Suite(.timeLimit(.minutes(1)))
struct SessionOneShotTests {
    @Test func endsWellWhenAllIsReady() async throws {
        try await TestSession.run(
            Samples.web(ports: [PortForward(localPort: 8080)]), mode: .run,
            prepare: { $0.build.setAutomatic(["web": "v1"]) }
        ) { test in
            try await test.events.wait(.objectApplied, resource: "web")
            try await test.events.wait("web", is: "starting")
            test.connection.setPods("web", [.ready("web-1", generation: test.connection.generation("web"))])
            let end = try await test.end()
            #expect(end.status == .ok)
            #expect(end.failed.isEmpty)
            // No agent, no forwards, no watching; objects stay.
            #expect(test.connection.images.first?.isLive == false)
            #expect(test.connection.applied.first?.live.isEmpty == true)
            #expect(test.connection.syncs.isEmpty)
            #expect(test.forwards.open.isEmpty)
            #expect(test.watch.isStarted == false)
            #expect(test.connection.deleted.isEmpty)
            #expect(test.events.all.last?.number("exit") == 0)
        }
    }

    /// A container without a readiness check is ready as soon as it runs, and may end in the next moment.
    @Test func whatIsOnlyStartedHasToStayUp() async throws {
        try await TestSession.run(
            Plan(resources: [Samples.service("web", image: "nginx")], watchedFiles: []), mode: .ci
        ) { test in
            try await test.events.wait("web", is: "starting")
            let generation = test.connection.generation("web")
            var pod = PodStatus.ready("web-1", generation: generation)
            pod.isProven = false
            test.connection.setPods("web", [pod])
            try await test.events.wait("web", is: "ready")
            test.clock.advance(by: .milliseconds(1900))
            #expect(test.events.all(.sessionEnded).isEmpty)
            test.connection.setPods("web", [.crashing("web-1", generation: generation)])
            #expect(try await test.end().status == .workFailed)
        }
    }

    @Test func whatStaysUpIsBelieved() async throws {
        try await TestSession.run(
            Plan(resources: [Samples.service("web", image: "nginx")], watchedFiles: []), mode: .ci
        ) { test in
            try await test.events.wait("web", is: "starting")
            var pod = PodStatus.ready("web-1", generation: test.connection.generation("web"))
            pod.isProven = false
            test.connection.setPods("web", [pod])
            try await test.events.wait("web", is: "ready")
            #expect(
                await poll {
                    test.clock.advance(by: .milliseconds(250))
                    return !test.events.all(.sessionEnded).isEmpty
                })
            #expect(try await test.end().status == .ok)
        }
    }

    /// Two workloads in one resource: none of their Pods is an old one of the other.
    @Test func eachOfSeveralWorkloadsIsWaitedFor() async throws {
        try await TestSession.run(
            Plan(resources: [Samples.service("web", image: "nginx")], watchedFiles: []), mode: .ci,
            prepare: { $0.connection.setMoreGenerations(["second"]) }
        ) { test in
            try await test.events.wait("web", is: "starting")
            let first = PodStatus.ready("web-1", generation: test.connection.generation("web"))
            test.connection.setPods("web", [first])
            try await test.events.wait(.resourceChanged, resource: "web") {
                $0.text("reason") == "1 of its workloads have no Pod yet"
            }
            test.connection.setPods("web", [first, .ready("other-1", generation: "second")])
            #expect(try await test.end().status == .ok)
        }
    }

    @Test func waitsForTheOldPodsToGo() async throws {
        try await TestSession.run(
            Plan(resources: [Samples.service("web", image: "nginx")], watchedFiles: []), mode: .ci
        ) { test in
            try await test.events.wait("web", is: "starting")
            let new = PodStatus.ready("web-2", generation: test.connection.generation("web"))
            test.connection.setPods("web", [.ready("web-1", generation: "older"), new])
            try await test.events.wait(.podChanged) { $0.text("pod") == "web-2" }
            try await test.events.wait("web", is: "ready")
            #expect(test.events.all(.sessionEnded).isEmpty)
            test.connection.setPods("web", [new])
            test.clock.advance(by: .milliseconds(250))
            let end = try await test.end()
            #expect(end.status == .ok)
        }
    }

    @Test func aCrashLoopEndsItWithTheLastLines() async throws {
        try await TestSession.run(
            Plan(resources: [Samples.service("web", image: "nginx")], watchedFiles: []), mode: .ci,
            prepare: { $0.connection.setLastLines(["starting", "fatal: no database"]) }
        ) { test in
            try await test.events.wait("web", is: "starting")
            test.connection.setPods("web", [.crashing("web-1", generation: test.connection.generation("web"))])
            let end = try await test.end()
            #expect(end.status == .workFailed)
            #expect(
                end.reason
                    == "web: web-1: main ended with exit code 2\n  main | starting\n  main | fatal: no database")
            #expect(end.hint == "its last lines say why")
            #expect(end.failed.map(\.resource) == ["web"])
        }
    }

    @Test func aFailureThatMayHealIsWaitedFor() async throws {
        try await TestSession.run(
            Plan(resources: [Samples.service("web", image: "nginx")], watchedFiles: []), mode: .ci
        ) { test in
            try await test.events.wait("web", is: "starting")
            let generation = test.connection.generation("web")
            let failure = PodStatus.Failure(code: "ErrImagePull", message: "cannot be pulled", mayHeal: true)
            test.connection.setPods(
                "web", [.make("web-1", generation: generation, verdict: .failing(failure), word: "ErrImagePull")])
            try await test.events.wait("web", is: "failed")
            #expect(test.events.all(.sessionEnded).isEmpty)
            test.connection.setPods("web", [.ready("web-1", generation: generation)])
            let end = try await test.end()
            #expect(end.status == .ok)
        }
    }

    @Test func aFailedBuildEndsIt() async throws {
        try await TestSession.run(Samples.web(), mode: .run) { test in
            try await test.until("a build runs") { test.build.runningCount == 1 }
            test.build.fail(Samples.mainFile, line: 4, column: 9, "cannot find 'x' in scope")
            let end = try await test.end()
            #expect(end.status == .workFailed)
            #expect(end.reason == "web: Sources/web/main.swift:4:9: cannot find 'x' in scope")
        }
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        var error: DevloopError
        var status: DevloopCore.ExitStatus
        var testDescription: String { error.code.name }
    }

    static let clusterFailures: [Failure] = [
        Failure(error: DevloopError(.kubeconfig, "no such file"), status: .cluster),
        Failure(error: DevloopError(.clusterUnreachable, "connection refused"), status: .cluster),
        Failure(error: DevloopError(.clusterRefused, "403 Forbidden"), status: .cluster),
        Failure(error: DevloopError(.contextNotAllowed, "prod"), status: .spec),
    ]

    @Test(arguments: clusterFailures) func aClusterThatCannotBeUsedEndsIt(_ item: Failure) async throws {
        try await TestSession.run(
            Samples.web(), mode: .run, prepare: { $0.cluster.setFailures([item.error]) }
        ) { test in
            let end = try await test.end()
            #expect(end.status == item.status)
            #expect(end.reason == item.error.message)
            #expect(test.events.all(.clusterFailed).count == 1)
        }
    }

    @Test func aBrokenSpecEndsIt() async throws {
        let error = DevloopError(
            .spec, "undefined: foo", at: SourceLocation(file: "Devloopfile", line: 1, column: 1), hint: "mend it")
        try await TestSession.run(Samples.web(), mode: .ci, prepare: { $0.spec.set(error) }) { test in
            let end = try await test.end()
            #expect(end.status == .spec)
            #expect(end.reason == "Devloopfile:1:1: undefined: foo")
            #expect(end.hint == "mend it")
        }
    }

    @Test func aRefusedObjectEndsIt() async throws {
        let error = DevloopError(.objectRefused, "invalid", at: SourceLocation(file: "/project/k8s/web.yaml", line: 1))
        try await TestSession.run(
            Plan(resources: [Samples.service("web", image: "nginx")], watchedFiles: []), mode: .run,
            prepare: { $0.connection.failApply([error]) }
        ) { test in
            let end = try await test.end()
            #expect(end.status == .workFailed)
            #expect(end.reason == "web: /project/k8s/web.yaml:1: invalid")
        }
    }

    @Test func readinessHasALimit() async throws {
        var plan = Plan(resources: [Samples.service("web", image: "nginx")], watchedFiles: [])
        plan.settings.ciReadinessTimeout = 20
        try await TestSession.run(plan, mode: .ci) { test in
            try await test.events.wait("web", is: "starting")
            test.connection.setPods(
                "web",
                [.make("web-1", generation: "web-1", verdict: .starting("its check does not succeed yet"))])
            try await test.events.wait(.podChanged)
            try await test.until("the clock is watched") { test.clock.sleepers == 1 }
            test.clock.advance(by: .seconds(21))
            let end = try await test.end()
            #expect(end.status == .workFailed)
            #expect(
                end.reason
                    == "web: not ready 20 s after it was applied: web-1: its check does not succeed yet")
            #expect(end.hint?.contains("readiness_timeout") == true)
        }
    }

    @Test func theWholeHasALimit() async throws {
        try await TestSession.run(
            Samples.web(), mode: .run, options: { $0.timeout = .seconds(30) }
        ) { test in
            try await test.until("a build runs") { test.build.runningCount == 1 }
            try await test.until("the clock is watched") { test.clock.sleepers == 1 }
            test.clock.advance(by: .seconds(31))
            let end = try await test.end()
            #expect(end.status == .workFailed)
            #expect(end.reason == "not done after 30 s; waiting for web: building")
            #expect(end.hint?.contains("--timeout") == true)
        }
    }

    @Test func anEmptyPlanIsDone() async throws {
        try await TestSession.run(Plan(watchedFiles: []), mode: .run) { test in
            let end = try await test.end()
            #expect(end.status == .ok)
        }
    }

    @Test func localCommandsCount() async throws {
        let plan = Plan(resources: [Samples.local("check", command: ["check"])], watchedFiles: [])
        try await TestSession.run(plan, mode: .ci, prepare: { $0.commands.setCode(1, for: "check") }) { test in
            let end = try await test.end()
            #expect(end.status == .workFailed)
            #expect(end.reason == "check: check: exit code 1")
        }
        try await TestSession.run(plan, mode: .ci) { test in
            let end = try await test.end()
            #expect(end.status == .ok)
        }
    }
}
