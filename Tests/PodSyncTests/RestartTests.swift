// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing
import PodSync
import SyncProtocol
import Testing

@Suite("restarts with the real agent", .timeLimit(.minutes(2)))
struct RestartTests {
    /// An app that notes its start, and on SIGTERM ends only when the file `release` is there.
    static func slow(_ agent: AgentHarness, _ name: String) -> String {
        """
        trap 'while [ ! -e \(agent.root)/release ]; do sleep 0.01; done; exit 0' TERM
        echo \(name) >> \(agent.root)/starts
        while :; do sleep 0.02; done
        """
    }

    @Test("S04 a running executable is replaced, and the new process runs the new bytes")
    func replacesRunning() async throws {
        let agent = try AgentHarness(binary: ["sleep", "1000"])
        defer { agent.remove() }
        let session = try await agent.connect()
        let before = try await session.state()
        #expect(before.executable == SHA256.digest(of: AgentHarness.busybox))
        #expect(before.runningSet == 0)
        var pids = [before.pid]
        for seed: UInt8 in 1...3 {
            let bytes = AgentHarness.busybox + [seed]
            let file = SyncFile(destination: agent.appFolder + "/sleep", bytes: bytes, mode: 0o755, isEntry: true)
            let result = try await session.apply(ChangeSet(files: [file]))
            #expect(result.failure == nil)
            #expect(result.restart != nil)
            #expect(result.ready != nil)
            #expect(result.executable == file.digest)
            #expect(result.filesPatched == (seed == 1 ? 0 : 1))
            let state = try await session.state()
            #expect(state.executable == file.digest)
            #expect(state.runningSet == result.set)
            pids.append(state.pid)
        }
        #expect(Set(pids).count == 4)
        await session.close()
    }

    @Test("S06 a container that is started again runs the synced executable and forgets what is no longer there")
    func containerRestart() async throws {
        let first = try AgentHarness()
        defer { first.remove() }
        let session = try await first.connect()
        let page = first.image + "/page"
        let file = first.entry("echo synced >> \(first.root)/starts; exec sleep 1000")
        let result = try await session.apply(ChangeSet(files: [file, SyncFile(destination: page, bytes: [1])]))
        await session.close()
        first.process.signal(SIGKILL)
        #expect(await eventually { first.process.exitCode() != nil })
        // The root file system of the new container is the image's again.
        unlink(page)
        let second = try AgentHarness(root: first.root)
        let again = try await second.connect()
        let state = try await again.state()
        #expect(state.set == result.set)
        #expect(state.files.keys.map(\.text) == [file.destination])
        #expect(state.executable == file.digest)
        #expect(await eventually { first.lines("starts").count == 2 })
        let replay = try await again.apply(ChangeSet(files: [file, SyncFile(destination: page, bytes: [1])]))
        #expect(replay.filesSent == 1)
        #expect(replay.restart == nil)
        await again.close()
        second.process.end()
    }

    @Test("S10 a burst of 50 saves ends in one restart, with the last content")
    func burst() async throws {
        let agent = try AgentHarness(options: ["--grace", "60"])
        defer { agent.remove() }
        let session = try await agent.connect()
        _ = try await session.apply(ChangeSet(files: [agent.entry(Self.slow(agent, "first"))]))
        #expect(await eventually { agent.lines("starts") == ["first"] })
        let last = agent.entry(Self.slow(agent, "save-50"))
        try await withThrowingTaskGroup { group in
            for save in 1...50 {
                let file = agent.entry(Self.slow(agent, "save-\(save)"))
                group.addTask { try await session.apply(ChangeSet(files: [file])) }
                await Task.yield()
            }
            let isPlaced = await eventually { readFile(last.destination).map(SHA256.digest(of:)) == last.digest }
            // The order of the tasks is not that of the saves: the last one is sent once more.
            if !isPlaced { group.addTask { try await session.apply(ChangeSet(files: [last])) } }
            #expect(await eventually { readFile(last.destination).map(SHA256.digest(of:)) == last.digest })
            #expect(agent.lines("starts") == ["first"])
            try writeFile(agent.root + "/release", [])
            var outcomes: [SyncResult] = []
            for try await result in group { outcomes.append(result) }
            #expect(outcomes.contains { $0.outcome == .committed && $0.executable == last.digest })
        }
        #expect(await eventually { agent.lines("starts").count == 2 })
        #expect(agent.lines("starts") == ["first", "save-50"])
        #expect(try await session.state().executable == last.digest)
        await session.close()
    }

    @Test("S11 a save that arrives while the app is being ended is started in its place")
    func trailing() async throws {
        let agent = try AgentHarness(options: ["--grace", "60"])
        defer { agent.remove() }
        let session = try await agent.connect()
        _ = try await session.apply(ChangeSet(files: [agent.entry(Self.slow(agent, "one"))]))
        #expect(await eventually { agent.lines("starts") == ["one"] })
        async let second = session.apply(ChangeSet(files: [agent.entry(Self.slow(agent, "two"))]))
        #expect(try await eventually { try await session.state().app == .restarting })
        async let third = session.apply(ChangeSet(files: [agent.entry(Self.slow(agent, "three"))]))
        #expect(try await eventually { try await session.state().set == 3 })
        try writeFile(agent.root + "/release", [])
        #expect(try await second.failure == nil)
        #expect(try await third.executable == agent.entry(Self.slow(agent, "three")).digest)
        #expect(await eventually { agent.lines("starts") == ["one", "three"] })
        await session.close()
    }

    @Test("S26 an executable that ends at once is reported, the container stays, the next save heals")
    func earlyExit() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        // Without a readiness check a process counts as soon as it runs, so the end may come as an event only.
        _ = try await session.apply(ChangeSet(files: [agent.entry("echo last words; exit 3")]))
        var exits = session.events.compactMap { event -> AppExit? in
            if case .appExited(let exit) = event, exit.next != .restart { exit } else { nil }
        }.makeAsyncIterator()
        let exit = try #require(await exits.next())
        #expect(exit.code == 3)
        #expect(exit.next == .wait)
        #expect(try await session.state().app == .waiting)
        #expect(agent.lines("log").contains("last words"))
        #expect(agent.process.exitCode() == nil)

        let garbage = SyncFile(
            destination: agent.appFolder + "/service", bytes: [0, 1, 2, 3], mode: 0o755, isEntry: true)
        let unable = try await session.apply(ChangeSet(files: [garbage]))
        #expect(unable.failure == .notStarted(errno: ENOEXEC, file: garbage.destination))

        let healed = try await session.apply(ChangeSet(files: [agent.entry("exec sleep 1000")]))
        #expect(healed.failure == nil)
        #expect(try await session.state().app == .running)
        await session.close()
    }

    @Test(
        "any other end ends the agent with the same code",
        arguments: [("exit 7", 7), ("kill -9 $$", 137), ("exit 0", 0)])
    func otherEnds(script: String, code: Int32) async throws {
        let agent = try AgentHarness(script: script)
        defer { agent.remove() }
        #expect(await eventually { agent.process.exitCode() != nil })
        #expect(agent.process.exitCode() == code)
    }

    @Test("told to stay, the agent stays however the app ends, and the next set starts it again")
    func stays() async throws {
        let agent = try AgentHarness(script: "exit 7", options: ["--stay"])
        defer { agent.remove() }
        let session = try await agent.connect()
        #expect(try await eventually { try await session.state().app == .waiting })
        #expect(agent.process.exitCode() == nil)
        let result = try await session.apply(ChangeSet(files: [agent.entry("exec sleep 1000")]))
        #expect(result.failure == nil)
        #expect(try await session.state().app == .running)
        // The container is ended from outside as ever.
        agent.process.signal(SIGTERM)
        #expect(await eventually { agent.process.exitCode() == 128 + SIGTERM })
        await session.close()
    }

    @Test("what the app writes passes through untouched")
    func output() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let bytes = noise(300_000, seed: 3)
        let program = agent.root + "/writer"
        let log = agent.root + "/output"
        try writeFile(program + ".bytes", bytes)
        try writeFile(program, Array(AgentHarness.script("cat $0.bytes; exit 5").utf8), mode: 0o755)
        mkdir(agent.root + "/other", 0o755)
        let run = try TestProcess(
            [AgentHarness.agent, "run", "--app-dir", agent.root + "/other", "--", program], log: log)
        #expect(await eventually { run.exitCode() != nil })
        #expect(run.exitCode() == 5)
        #expect(readFile(log) == bytes)
    }

    @Test("a command that is not there ends the agent as a shell would: 127")
    func missingCommand() async throws {
        let process = try TestProcess([
            AgentHarness.agent, "run", "--app-dir", "/nonexistent", "--", "/no/such/program",
        ])
        #expect(await eventually { process.exitCode() != nil })
        #expect(process.exitCode() == 127)
    }

    @Test("S28 an app that ignores SIGTERM is killed with its whole group after the grace")
    func ignoresTerm() async throws {
        let agent = try AgentHarness(options: ["--grace", "0"])
        defer { agent.remove() }
        let session = try await agent.connect()
        let stubborn = """
            trap '' TERM
            sleep 1000 &
            echo $! > \(agent.root)/child
            while :; do sleep 0.02; done
            """
        _ = try await session.apply(ChangeSet(files: [agent.entry(stubborn)]))
        #expect(await eventually { agent.lines("child").first.flatMap { pid_t($0) } != nil })
        let child = try #require(agent.lines("child").first.flatMap { pid_t($0) })
        #expect(kill(child, 0) == 0)
        let result = try await session.apply(
            ChangeSet(files: [agent.entry("exec sleep 1000")], grace: .milliseconds(200)))
        #expect(result.failure == nil)
        #expect(kill(child, 0) != 0)
        await session.close()
    }

    @Test("S28 orphans of the app are reaped")
    func reaps() async throws {
        let agent = try AgentHarness(script: "for i in 1 2 3 4 5; do (sleep 0.01 &); done; exec sleep 1000")
        defer { agent.remove() }
        let session = try await agent.connect()
        #expect(await eventually { Self.children(of: agent.process.pid).count == 1 })
        #expect(try await session.state().pid == Self.children(of: agent.process.pid).first)
        await session.close()
    }

    static func children(of pid: pid_t) -> [pid_t] {
        (text("/proc/\(pid)/task/\(pid)/children") ?? "").split(separator: " ").compactMap { pid_t($0) }
    }

    @Test("signals reach the app, and SIGTERM ends the agent with the app's code")
    func forwards() async throws {
        let agent = try AgentHarness(
            script: """
                trap 'echo hup >> $0.signals' HUP
                trap 'exit 9' TERM
                echo ready > $0.ready
                while :; do sleep 0.02; done
                """)
        defer { agent.remove() }
        #expect(await eventually { text(agent.program + ".ready") == "ready\n" })
        agent.process.signal(SIGHUP)
        #expect(await eventually { text(agent.program + ".signals") == "hup\n" })
        agent.process.signal(SIGTERM)
        #expect(await eventually { agent.process.exitCode() != nil })
        #expect(agent.process.exitCode() == 9)
    }

    @Test("restart rules: never, signal, always")
    func rules() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        let app = """
            trap 'echo usr1 >> \(agent.root)/signals' USR1
            echo start >> \(agent.root)/starts
            while :; do sleep 0.02; done
            """
        _ = try await session.apply(ChangeSet(files: [agent.entry(app)]))
        #expect(await eventually { agent.lines("starts").count == 1 })
        let pid = try await session.state().pid
        let page = agent.image + "/page"
        let never = try await session.apply(
            ChangeSet(files: [SyncFile(destination: page, bytes: [1])], restart: .never))
        #expect(never.restart == nil)
        _ = try await session.apply(
            ChangeSet(files: [SyncFile(destination: page, bytes: [2])], restart: .signal(UInt8(SIGUSR1))))
        #expect(await eventually { agent.lines("signals") == ["usr1"] })
        #expect(try await session.state().pid == pid)
        let always = try await session.apply(
            ChangeSet(files: [SyncFile(destination: page, bytes: [2])], restart: .always))
        #expect(always.filesUnchanged == 1)
        #expect(always.restart != nil)
        #expect(try await session.state().pid != pid)
        let asked = try await session.restart()
        #expect(asked.failure == nil)
        #expect(asked.ready != nil)
        await session.close()
    }
}
