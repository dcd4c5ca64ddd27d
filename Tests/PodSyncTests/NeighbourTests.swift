// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import Hashing
import PodSync
import SyncProtocol
import Testing

/// The agent as an ephemeral container has it: beside a process whose root is another one, reached by `/proc/PID/root`.
@Suite("an agent beside another process", .serialized, .timeLimit(.minutes(2)), .enabled(if: geteuid() == 0))
struct NeighbourTests {
    /// A process with a root of its own, and an agent that does not start it.
    private final class Pair {
        let folder: TemporaryDirectory
        let app: TestProcess
        let agent: TestProcess
        /// The root of the other process, as this one sees it.
        let root: String

        /// - Parameter user: as which the agent runs; nil for the user of the other process, root.
        init(user: String? = nil) async throws {
            folder = try TemporaryDirectory("beside")
            root = folder("root")
            try TestFiles.makeDirectory(root + "/bin")
            try writeFile(root + "/bin/busybox", AgentHarness.busybox, mode: 0o755)
            try writeFile(root + "/page", Array("one".utf8))
            let script = "trap 'echo hup >> /signals' HUP; echo up > /up; while true; do /bin/busybox sleep 0.05; done"
            app = try TestProcess(
                ["/usr/sbin/chroot", root, "/bin/busybox", "sh", "-c", script], log: folder("app.log"))
            let ready = root + "/up"
            guard await eventually({ access(ready, F_OK) == 0 }) else { throw TestError("the app does not run") }
            let words = ["run", "--beside", "\(app.pid)", "--app-dir", folder("shm")]
            if let user {
                chmod(folder.path, 0o777)
                agent = try TestProcess(
                    ["/usr/bin/setpriv", "--reuid", user, "--regid", user, "--clear-groups", AgentHarness.agent]
                        + words,
                    log: folder("agent.log"))
            } else {
                agent = try TestProcess([AgentHarness.agent] + words, log: folder("agent.log"))
            }
        }

        deinit {
            agent.end()
            app.signal(SIGKILL)
        }

        func connect() async throws -> PodSyncSession {
            let socket = folder("shm/.devloop/socket")
            guard await eventually({ access(socket, F_OK) == 0 }) else { throw TestError("the agent does not listen") }
            let attached = try TestProcess([AgentHarness.agent, "attach", "--app-dir", folder("shm")])
            let session = PodSyncSession(
                channel: PipeChannel(attached), options: .init(hostVersion: "test", owner: "test"))
            _ = try await session.hello()
            try await session.state()
            return session
        }
    }

    @Test("files go into the other root, whole or not at all, and come back with the record")
    func files() async throws {
        let pair = try await Pair()
        let session = try await pair.connect()
        let page = SyncFile(destination: "/page", bytes: Array("two".utf8))
        let tool = SyncFile(destination: "/new/deep/tool", bytes: [1, 2, 3], mode: 0o755)
        let link = SyncFile(destination: "/new/link", link: Array("deep/tool".utf8))
        let result = try await session.apply(ChangeSet(files: [page, tool, link]))
        #expect(result.outcome == .committed)
        #expect(result.restart == nil)
        #expect(text(pair.root + "/page") == "two")
        #expect(fileMode(pair.root + "/new/deep/tool") == 0o755)
        #expect(readFile(pair.root + "/new/link") == [1, 2, 3])
        // Nothing of it went anywhere else.
        #expect(TestFiles.names(pair.folder("shm")) == [".devloop"])
        #expect(try await session.apply(ChangeSet(files: [page, tool, link])).outcome == .unchanged)
        let gone = try await session.apply(ChangeSet(deletions: [.init(path: "/new/deep/tool"), .init(path: "/page")]))
        #expect(gone.filesDeleted == 2)
        #expect(readFile(pair.root + "/page") == nil)
        // A stream later the container is known.
        await session.close()
        let again = try await pair.connect()
        let state = try await again.state()
        #expect(state.file("/new/link") != nil)
        #expect(state.file("/page") == nil && state.file("/new/deep/tool") == nil)
        #expect(pair.app.exitCode() == nil)
        await again.close()
    }

    @Test("a link of the other root leads nobody out of it, nor into ours")
    func links() async throws {
        let pair = try await Pair()
        let outside = pair.folder("outside")
        try TestFiles.makeDirectory(outside)
        #expect(symlink(outside, pair.root + "/data") == 0)
        let session = try await pair.connect()
        let error = await #expect(throws: DevloopError.self) {
            _ = try await session.apply(ChangeSet(files: [SyncFile(destination: "/data/x", bytes: [1])]))
        }
        #expect(error?.code == .syncImpossible)
        #expect(TestFiles.names(outside) == [])
        await session.close()
    }

    @Test("the other process gets signals, is never started again, and outlives the agent")
    func signals() async throws {
        let pair = try await Pair()
        let session = try await pair.connect()
        let page = SyncFile(destination: "/page", bytes: Array("two".utf8))
        _ = try await session.apply(ChangeSet(files: [page], restart: .signal(UInt8(SIGHUP))))
        #expect(await eventually { text(pair.root + "/signals") == "hup\n" })
        // Its end would be the end of its container: the order is refused, and the files stay.
        let other = SyncFile(destination: "/other", bytes: [1])
        let always = try await session.apply(ChangeSet(files: [other], restart: .always))
        #expect(always.outcome == .committed)
        #expect(always.restart == nil)
        let ordered = try await session.restart()
        guard case .notStarted(let number, _)? = ordered.failure else {
            Issue.record("\(ordered)")
            return
        }
        #expect(number == EPERM)
        await session.close()
        pair.agent.end()
        #expect(pair.app.exitCode() == nil)
        #expect(kill(pair.app.pid, 0) == 0)
    }

    @Test("another user is refused by the kernel, and the last line says so")
    func otherUser() async throws {
        let pair = try await Pair(user: "12345")
        #expect(await eventually { pair.agent.exitCode() != nil })
        #expect(pair.agent.exitCode() == 1)
        let log = text(pair.folder("agent.log")) ?? ""
        #expect(log.contains("/proc/\(pair.app.pid)/root/.: Permission denied; sync is off"), "\(log)")
    }
}
