// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// `after` and `rebuilt_by` hold on every update, and what the spec wants ignored, probed and hidden is.
@Suite(.timeLimit(.minutes(1)))
struct SessionEdgeTests {
    /// `generate`, and `use` that is tied to it.
    private static func plan(_ tie: (inout Resource) -> Void) -> Plan {
        var use = Samples.local("use", command: ["use"], deps: ["/project/use"])
        tie(&use)
        return Plan(
            resources: [use, Samples.local("generate", command: ["generate"], deps: ["/project/api"])],
            watchedFiles: [FakeSpec.file])
    }

    @Test func afterHoldsOnEachSave() async throws {
        let plan = Self.plan { use in
            use.after = ["generate"]
            use.kind = .local(Samples.local("use", command: ["use"], deps: ["/project/api"]).local ?? LocalResource())
        }
        try await TestSession.run(plan) { test in
            let held = try await test.events.wait(.resourceHeld, resource: "use")
            #expect(held.text("reason") == "waits for generate to be ready")
            try await test.events.wait("use", is: "ready")
            #expect(test.commands.ran == [["generate"], ["use"]])
            try await test.until("files are watched") { test.watch.isStarted }
            test.watch.save("/project/api/a.proto")
            try await test.until("both ran again, in order") {
                test.commands.ran == [["generate"], ["use"], ["generate"], ["use"]]
            }
        }
    }

    @Test func afterDoesNotFollow() async throws {
        try await TestSession.run(Self.plan { $0.after = ["generate"] }) { test in
            let ready = try await test.events.wait("use", is: "ready")
            try await test.until("files are watched") { test.watch.isStarted }
            test.watch.save("/project/api/a.proto")
            try await test.events.wait(.saveServed, resource: "generate", after: ready.sequence)
            #expect(test.commands.ran == [["generate"], ["use"], ["generate"]])
        }
    }

    @Test func rebuiltByFollowsEachNewVersion() async throws {
        try await TestSession.run(Self.plan { $0.rebuiltBy = ["generate"] }) { test in
            try await test.events.wait("use", is: "ready")
            // The first update of both is one, not two.
            #expect(test.commands.ran == [["generate"], ["use"]])
            try await test.until("files are watched") { test.watch.isStarted }
            for count in 2...3 {
                test.watch.save("/project/api/\(count).proto")
                try await test.until("use follows") { test.commands.ran.filter { $0 == ["use"] }.count == count }
            }
            #expect(test.commands.ran.count == 6)
            let decision = try await test.events.wait(.decisionMade, resource: "use")
            #expect(decision.text("reason") == "generate has a new version, and rebuilds it")
        }
    }

    @Test func aFailureOfTheFirstHoldsTheSecond() async throws {
        try await TestSession.run(
            Self.plan { $0.rebuiltBy = ["generate"] }, prepare: { $0.commands.setCode(1, for: "generate") }
        ) { test in
            try await test.events.wait("generate", is: "failed")
            try await test.events.wait("use", is: "held")
            #expect(test.commands.ran == [["generate"]])
            try await test.until("files are watched") { test.watch.isStarted }
            test.commands.setCode(0, for: "generate")
            test.watch.save("/project/api/a.proto")
            try await test.events.wait("use", is: "ready")
        }
    }

    @Test func aServerIsReadyWhenItsProbeSaysSo() async throws {
        var site = Samples.local("site", serve: ["serve"])
        var local = LocalResource(serveCommand: site.local?.serveCommand)
        var probe = Probe(.tcpSocket(host: "localhost", port: 80))
        (probe.period, probe.failureThreshold) = (5, 2)
        local.readinessProbe = probe
        site.kind = .local(local)
        let plan = Plan(resources: [site], watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan, prepare: { $0.commands.setProbeAnswer("refused") }) { test in
            let starting = try await test.events.wait("site", is: "starting")
            #expect(starting.text("reason") == "waits for its readiness probe")
            // A first delay of nothing, then a pause for each attempt.
            for _ in 0..<3 {
                try await test.until("the probe pauses") { test.clock.sleepers >= 1 }
                test.clock.advance(by: .seconds(5))
            }
            let failing = try await test.events.wait("site", is: "starting", after: starting.sequence)
            #expect(failing.text("reason") == "readiness probe: refused")
            test.commands.setProbeAnswer(nil)
            try await test.until("the probe pauses") { test.clock.sleepers >= 1 }
            test.clock.advance(by: .seconds(5))
            try await test.events.wait("site", is: "ready")
        }
    }

    @Test(arguments: [
        ([true], ProbeRecord.Verdict.ready), ([false], .open), ([false, false, false], .notReady),
        ([false, false, true], .ready), ([true, false], .open),
    ])
    func attemptsInARowTurnTheState(attempts: [Bool], verdict: ProbeRecord.Verdict) {
        var record = ProbeRecord(Probe(.exec(["true"])))
        #expect(attempts.map { record.note(isSuccess: $0) }.last == verdict)
    }

    @Test func ignoredFilesAreNoChange() async throws {
        var plan = Plan(
            resources: [Samples.local("generate", command: ["make"], deps: ["/project/api"])],
            watchedFiles: [FakeSpec.file])
        plan.settings.watchIgnored.add(["**/*.log"], relativeTo: "/project")
        try await TestSession.run(plan) { test in
            try await test.events.wait("generate", is: "ready")
            try await test.until("files are watched") { test.watch.isStarted }
            test.watch.save("/project/api/x.log")
            let decision = try await test.events.wait(.decisionMade)
            #expect(decision.text("action") == "nothing")
            #expect(test.commands.ran == [["make"]])
        }
    }

    @Test func onlyEnabledResourcesStart() async throws {
        var plan = Plan(
            resources: [Samples.local("a", command: ["a"]), Samples.local("b", command: ["b"])],
            watchedFiles: [FakeSpec.file])
        plan.settings.enabledResources = ["b"]
        try await TestSession.run(plan, mode: .ci) { test in
            let end = try await test.end()
            #expect(end.status == .ok)
            #expect(test.commands.ran == [["b"]])
        }
    }

    @Test func aButtonRunsItsCommandIntoTheLog() async throws {
        var plan = Plan(resources: [Samples.local("a", command: ["a"])], watchedFiles: [FakeSpec.file])
        plan.settings.buttons = [
            Button(
                name: "seed", resource: "a", text: "Seed", command: Command(arguments: ["seed", "-v"], directory: "/"))
        ]
        try await TestSession.run(plan) { test in
            let loaded = try await test.events.wait(.planLoaded)
            #expect(loaded.fields["buttons"]?.array?.first?["text"]?.string == "Seed")
            try await test.events.wait("a", is: "ready")
            await test.session.press("seed")
            try await test.until("it is done") { test.logs.all.contains("a: Seed: done") }
            #expect(test.logs.all.contains("a: output of seed -v"))
        }
    }

    @Test(arguments: [
        (true, "a: output of use true [redacted secret key:pass]"), (false, "a: output of use true hunter2!"),
    ])
    func valuesOfSecretsAreNotShown(isOn: Bool, line: String) async throws {
        var kubernetes = KubernetesResource(objects: [
            ManifestObject([
                "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "key"],
                "data": ["pass": "aHVudGVyMiE=", "short": "YQ=="], "stringData": ["mode": "true"],
            ])
        ])
        kubernetes.podReadiness = .ignore
        var plan = Plan(
            resources: [
                Samples.local("a", command: ["use", "true", "hunter2!"]),
                Resource(name: "uncategorized", kind: .k8s(kubernetes)),
            ], watchedFiles: [FakeSpec.file])
        plan.settings.scrubsSecrets = isOn
        try await TestSession.run(plan) { test in
            try await test.until("it is logged") { test.logs.all.contains(line) }
            #expect(test.logs.all.contains { $0.contains("hunter2!") } == !isOn)
        }
    }

    @Test func aPodMayFailWithinTheGracePeriod() async throws {
        var plan = Plan(resources: [Samples.service("web", image: "nginx")], watchedFiles: [])
        plan.settings.ciGracePeriod = 20
        try await TestSession.run(plan, mode: .ci) { test in
            try await test.events.wait("web", is: "starting")
            test.connection.setPods("web", [.crashing("web-1", generation: test.connection.generation("web"))])
            try await test.events.wait("web", is: "crashing")
            #expect(test.events.all(.sessionEnded).isEmpty)
            try await test.until("the clock is watched") { test.clock.sleepers >= 1 }
            test.clock.advance(by: .seconds(21))
            let end = try await test.end()
            #expect(end.status == .workFailed)
        }
    }
}
