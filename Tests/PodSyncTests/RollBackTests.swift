// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hashing
import PodSync
import SyncProtocol
import Testing

@Suite("roll-back with the real agent", .timeLimit(.minutes(1)))
struct RollBackTests {
    /// An app that stays, after a first good set with a page.
    static func started() async throws -> (AgentHarness, PodSyncSession, SyncFile) {
        let agent = try AgentHarness()
        let session = try await agent.connect()
        let good = agent.entry("echo good >> \(agent.root)/starts; exec sleep 1000")
        let page = SyncFile(destination: agent.image + "/page", bytes: Array("old".utf8))
        _ = try await session.apply(ChangeSet(files: [good, page], rollsBack: true))
        return (agent, session, good)
    }

    /// The end for which a set was taken back. The result of the set has it only where the process ended before it was
    /// seen to run: without a readiness check one that runs counts as served. Else it is told later.
    static func end(of result: SyncResult, in session: PodSyncSession) async -> AppExit? {
        #expect(result.isRolledBack == (result.failure != nil))
        if case .exited(let exit) = result.failure { return exit }
        for await event in session.events {
            if case .appExited(let exit) = event, exit.set == result.set, exit.next == .rolledBack { return exit }
        }
        return nil
    }

    /// Whether a set was taken back: by its result, or by the word that follows where its result came first.
    static func isTakenBack(_ result: SyncResult, in session: PodSyncSession) async -> Bool {
        if result.isRolledBack { return true }
        for await event in session.events {
            if case .appExited(let exit) = event, exit.set == result.set, exit.next == .rolledBack { return true }
        }
        return false
    }

    @Test("S26 a new executable that ends at once is taken back with its whole set")
    func endsAtOnce() async throws {
        let (agent, session, good) = try await Self.started()
        defer { agent.remove() }
        let before = try await session.state()
        let bad = ChangeSet(
            files: [
                agent.entry("exit 3"), SyncFile(destination: agent.image + "/page", bytes: Array("new".utf8)),
                SyncFile(destination: agent.image + "/made/new", bytes: [1]),
            ], probe: .init(.exec(["/bin/busybox", "false"].map { Array($0.utf8) })), rollsBack: true)
        let result = try await session.apply(bad)
        let exit = try #require(await Self.end(of: result, in: session))
        #expect(exit.code == 3)
        #expect(exit.next == .rolledBack)
        #expect(await eventually { agent.lines("starts").count == 2 })
        let state = try await session.state()
        #expect(state.app == .running)
        #expect(state.set == before.set)
        #expect(state.executable == good.digest)
        #expect(text(agent.image + "/page") == "old")
        #expect(access(agent.image + "/made", F_OK) != 0)
        #expect(agent.leftovers() == [])
        #expect(agent.process.exitCode() == nil)

        // The next set is computed from what is there now.
        let healed = try await session.apply(
            ChangeSet(
                files: [agent.entry("exec sleep 2000")],
                probe: .init(.exec(["/bin/busybox", "true"].map { Array($0.utf8) })), rollsBack: true))
        #expect(healed.failure == nil)
        #expect(try await session.state().file(agent.image + "/page") != nil)
        await session.close()
    }

    @Test("S26 one that cannot be executed is taken back too")
    func cannotStart() async throws {
        let (agent, session, good) = try await Self.started()
        defer { agent.remove() }
        let garbage = SyncFile(
            destination: agent.appFolder + "/service", bytes: [0, 1, 2, 3], mode: 0o755, isEntry: true)
        let result = try await session.apply(ChangeSet(files: [garbage], rollsBack: true))
        #expect(result.failure == .notStarted(errno: ENOEXEC, file: garbage.destination))
        #expect(await Self.isTakenBack(result, in: session))
        #expect(try await eventually { try await session.state().app == .running })
        let state = try await session.state()
        #expect(state.executable == good.digest)
        #expect(SHA256.digest(of: try #require(readFile(garbage.destination))) == good.digest)
        await session.close()
    }

    @Test("S26 the good one that comes back and ends as well is not tried for ever")
    func bothEnd() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        // Ends when it is started a second time.
        let once = """
            echo start >> \(agent.root)/starts
            [ -e \(agent.root)/flag ] && exit 5
            touch \(agent.root)/flag
            exec sleep 1000
            """
        _ = try await session.apply(ChangeSet(files: [agent.entry(once)], rollsBack: true))
        let result = try await session.apply(ChangeSet(files: [agent.entry("exit 3")], rollsBack: true))
        #expect(await Self.end(of: result, in: session)?.code == 3)
        #expect(await eventually { agent.lines("starts").count == 2 })
        #expect(try await eventually { try await session.state().app == .waiting })
        #expect(agent.process.exitCode() == nil)
        #expect(try await session.apply(ChangeSet(files: [agent.entry("exec sleep 7")])).failure == nil)
        await session.close()
    }

    @Test("S26 one that is started after something else was done is taken back too, and a later start is its own")
    func restartedLater() async throws {
        let (agent, session, good) = try await Self.started()
        defer { agent.remove() }
        let garbage = SyncFile(
            destination: agent.appFolder + "/service", bytes: [0, 1, 2, 3], mode: 0o755, isEntry: true)
        let sent = try await session.apply(ChangeSet(files: [garbage], restart: .never, rollsBack: true))
        #expect(sent.restart == nil && !sent.isRolledBack)
        let result = try await session.restart(of: sent.set)
        #expect(result.failure == .notStarted(errno: ENOEXEC, file: garbage.destination))
        #expect(await Self.isTakenBack(result, in: session))
        #expect(try await eventually { try await session.state().app == .running })
        #expect(try await session.state().executable == good.digest)
        let again = try await session.restart()
        #expect(again.failure == nil && !again.isRolledBack)
        #expect(again.executable == good.digest)
        await session.close()
    }

    @Test("S26 without it the new files stay, and the agent waits")
    func isOptional() async throws {
        let (agent, session, _) = try await Self.started()
        defer { agent.remove() }
        let bad = agent.entry("exit 3")
        let result = try await session.apply(ChangeSet(files: [bad]))
        #expect(!result.isRolledBack)
        #expect(try await eventually { try await session.state().app == .waiting })
        let state = try await session.state()
        #expect(state.file(bad.destination)?.digest == bad.digest.bytes)
        await session.close()
    }

    @Test("what was replaced is kept only until the next set")
    func keepsOneSet() async throws {
        let (agent, session, _) = try await Self.started()
        defer { agent.remove() }
        let big = noise(300_000, seed: 1)
        let path = agent.image + "/big"
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: big)], rollsBack: true))
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: [1])], rollsBack: true))
        #expect(agent.leftovers().count == 1)
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: [2])]))
        #expect(agent.leftovers() == [])
        await session.close()
    }
}
