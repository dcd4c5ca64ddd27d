// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// A build that writes its own inputs is named and stopped.
@Suite("loops of builds that write their own inputs", .timeLimit(.minutes(1)))
struct SessionLoopTests {
    /// The first word of commands that run until the test ends them.
    private static let command = ["serve", "gen"]

    private func save(_ test: TestSession, _ path: String, after delay: Duration = .milliseconds(100)) {
        test.clock.advance(by: delay)
        test.watch.save(path)
    }

    private func runs(_ count: Int, _ test: TestSession) async throws {
        try await test.until("run \(count)") { test.commands.ran.count == count && test.commands.servingCount == 1 }
    }

    /// Plays rounds of a local command that writes `out.txt` while it runs, until it is stopped.
    private func loop(_ test: TestSession, from first: Int) async throws -> Event {
        let before = test.events.all.last?.sequence ?? 0
        for count in first..<(first + 4) {
            save(test, "/project/api/out.txt")
            try await runs(count + 1, test)
        }
        save(test, "/project/api/out.txt")
        return try await test.events.wait(.watchWarned, after: before)
    }

    @Test("a local command is stopped after five rounds, and goes on with another save, the same one later, or by hand")
    func local() async throws {
        let plan = Plan(
            resources: [Samples.local("gen", command: Self.command, deps: ["/project/api"])],
            watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan) { test in
            try await runs(1, test)
            try await test.until("files are watched") { test.watch.isStarted }
            let warning = try await loop(test, from: 1)
            #expect(warning.resource == "gen")
            #expect(
                warning.text("message")
                    == "the command of gen writes api/out.txt, one of its own inputs, each time: stopped after 5 rounds"
            )
            #expect(warning.text("hint")?.contains("a trigger goes on") == true)
            let decision = try await test.events.wait(.decisionMade, resource: "gen", after: warning.sequence)
            #expect(decision.text("action") == "nothing")
            #expect(decision.text("reason")?.contains("written by its own work") == true)
            // What is under way is not disturbed, and comes to its end.
            #expect(test.commands.ran.count == 5)
            test.commands.endServers(0)
            try await test.events.wait("gen", is: "ready", after: warning.sequence)
            #expect(test.commands.ran.count == 5)

            // Something else.
            save(test, "/project/api/web.proto")
            try await runs(6, test)
            #expect(try await loop(test, from: 6).text("message")?.contains("api/out.txt") == true)
            test.commands.endServers(0)
            try await test.until("it has ended") { test.commands.servingCount == 0 }

            // By hand.
            await test.session.trigger("gen")
            try await runs(11, test)
            test.commands.endServers(0)
            try await test.until("it has ended") { test.commands.servingCount == 0 }

            // The same file, when nothing runs.
            try await test.events.wait("gen", is: "ready", after: warning.sequence)
            save(test, "/project/api/out.txt", after: .seconds(5))
            try await runs(12, test)
        }
    }

    @Test("a person's saves during long builds stop nothing")
    func person() async throws {
        let plan = Plan(
            resources: [Samples.local("gen", command: Self.command, deps: ["/project/api"])],
            watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan) { test in
            try await runs(1, test)
            try await test.until("files are watched") { test.watch.isStarted }
            for (index, delay) in [4000, 900, 7500, 2500, 5200, 300, 9100].enumerated() {
                save(test, "/project/api/web.proto", after: .milliseconds(delay))
                try await runs(index + 2, test)
            }
            #expect(test.events.all(.watchWarned).isEmpty)
        }
    }

    @Test("a plugin that writes into the sources is named, and the last build is used")
    func package() async throws {
        try await TestSession.run(Samples.web()) { test in
            try await test.bringUp()
            save(test, Samples.mainFile)
            for round in 2..<6 {
                try await test.until("build \(round)") {
                    test.build.all.count == round && test.build.runningCount == 1
                }
                save(test, "/project/Sources/web/Version.swift")
            }
            try await test.until("the last build") { test.build.all.count == 6 && test.build.runningCount == 1 }
            save(test, "/project/Sources/web/Version.swift")
            let warning = try await test.events.wait(.watchWarned)
            #expect(warning.text("message")?.contains("writes Sources/web/Version.swift") == true)
            #expect(warning.resource == "web")
            #expect(test.build.runningCount == 1)
            test.build.succeed(["web": "v2"])
            try await test.events.wait("web", is: "ready", after: warning.sequence)
            #expect(test.build.all.count == 6)
            save(test, Samples.mainFile)
            try await test.until("a save builds again") { test.build.all.count == 7 }
        }
    }

    static let builders: [Image.Builder] = [
        .docker(DockerBuild(context: "/project/site", dockerfile: "/project/site/Dockerfile", text: "FROM scratch")),
        .custom(CustomBuild(command: Command(arguments: ["make"], directory: "/project"), deps: ["/project/site"])),
    ]

    @Test("an image whose build writes into its context is named and stopped", arguments: builders)
    func image(_ builder: Image.Builder) async throws {
        let image = Image(ref: "shop/site", builder: builder, liveUpdate: [])
        let plan = Plan(resources: [Samples.service("site")], images: [image], watchedFiles: [FakeSpec.file])
        try await TestSession.run(plan) { test in
            try await test.events.wait("site", is: "starting")
            try await test.until("files are watched") { test.watch.isStarted }
            for round in 1..<5 {
                let applied = test.connection.applied.count
                // Written at the end of the build, and noticed right after it.
                save(test, "/project/site/build.log", after: .milliseconds(12))
                try await test.until("image \(round + 1)") {
                    test.connection.images.count == round + 1 && test.connection.applied.count == applied + 1
                }
            }
            save(test, "/project/site/build.log", after: .milliseconds(12))
            let warning = try await test.events.wait(.watchWarned, resource: "site")
            #expect(
                warning.text("message")
                    == "the build of shop/site writes site/build.log, one of its own inputs, each time: stopped after 5 rounds"
            )
            #expect(test.connection.images.count == 5)
            save(test, "/project/site/index.html", after: .seconds(1))
            try await test.until("another save makes an image") { test.connection.images.count == 6 }
        }
    }
}
