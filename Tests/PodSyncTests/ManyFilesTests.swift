// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import FileWatch
import Glibc
import Hashing
import PodSync
import ProcessRunner
import SyncProtocol
import Synchronization
import Testing

private final class Counter: Sendable {
    private let state = Mutex(0)
    var value: Int { state.withLock { $0 } }
    func add() { state.withLock { $0 += 1 } }
}

/// Work trees of thousands of files: from the watcher's sets to the container's files.
@Suite("many files with the real agent", .timeLimit(.minutes(8)), .serialized)
struct ManyFilesTests {
    private static func git(_ words: String..., in folder: String) async throws {
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        let result = try await ProcessRunner.run(ProcessCommand(["git"] + identity + words, directory: folder))
        #expect(result.status.isSuccess, "\(result.errorText)")
    }

    /// Whether two folders hold the same files with the same content, but for what is Git's.
    private static func areEqual(_ left: String, _ right: String) async throws -> Bool {
        let result = try await ProcessRunner.run(ProcessCommand(["diff", "-r", "-q", "-x", ".git", left, right]))
        return result.status.isSuccess
    }

    private static func becomeEqual(_ left: String, _ right: String) async throws -> Bool {
        try await poll(deadline: .seconds(100), every: .milliseconds(250)) { try await areEqual(left, right) }
    }

    /// Applies each set of the watcher to the container.
    private static func follow(
        _ watcher: FileWatcher, _ root: String, _ destination: String, _ session: PodSyncSession, _ sets: Counter
    ) async throws {
        for await changes in watcher.changes {
            var set = ChangeSet(restart: .never)
            for (number, change) in changes.changes.enumerated() {
                if number % 100 == 0 { await Task.yield() }
                let path = destination + change.path.dropFirst(root.count)
                if let bytes = readFile(change.path) {
                    set.files.append(SyncFile(destination: path, bytes: bytes))
                } else {
                    set.deletions.append(.init(path: path))
                }
            }
            _ = try await session.apply(set)
            sets.add()
        }
    }

    @Test("S23 a checkout of 5,000 files, and folders removed and made again, end with equal trees in few sets")
    func checkout() async throws {
        let folder = try TemporaryDirectory("many")
        // By another program: in this one it would keep other tests waiting.
        func shell(_ script: String) async throws {
            let result = try await ProcessRunner.run(ProcessCommand(["sh", "-c", script], directory: folder.path))
            #expect(result.status.isSuccess, "\(script): \(result.errorText)")
        }
        func write(_ word: String) async throws {
            try await shell(
                """
                i=0
                while [ $i -lt 100 ]; do mkdir -p dir-$i; i=$((i+1)); done
                i=0
                while [ $i -lt 5000 ]; do echo "\(word) $i" > dir-$((i%100))/file-$i; i=$((i+1)); done
                """)
        }
        try await Self.git("init", "-q", "-b", "main", ".", in: folder.path)
        try await write("one")
        try await Self.git("add", ".", in: folder.path)
        try await Self.git("commit", "-q", "-m", "one", in: folder.path)
        try await Self.git("checkout", "-q", "-b", "other", in: folder.path)
        try await write("two")
        try await shell("rm -r dir-7")
        try folder.write("new/file", "three")
        try await Self.git("add", "-A", ".", in: folder.path)
        try await Self.git("commit", "-q", "-m", "two", in: folder.path)

        // A container often may have no more open files than this at first.
        let agent = try AgentHarness(openFiles: 1_024)
        defer { agent.remove() }
        let session = try await agent.connect()
        let place = agent.image + "/tree"
        var first = ChangeSet(restart: .never)
        for name in TestFiles.names(folder.path) where name != ".git" {
            for file in TestFiles.names(folder(name)) {
                let bytes = try #require(readFile(folder("\(name)/\(file)")))
                first.files.append(SyncFile(destination: "\(place)/\(name)/\(file)", bytes: bytes))
            }
        }
        _ = try await session.apply(first)
        #expect(try await Self.areEqual(folder.path, place))

        let sets = Counter()
        let watcher = try FileWatcher(roots: [folder.path])
        let following = Task { try await Self.follow(watcher, folder.path, place, session, sets) }
        for branch in ["main", "other"] {
            let before = sets.value
            let start = ContinuousClock.now
            try await Self.git("checkout", "-q", branch, in: folder.path)
            #expect(try await Self.becomeEqual(folder.path, place), "\(branch)")
            #expect(sets.value - before <= 4)
            print("S23 checkout of \(branch): \(ContinuousClock.now - start), \(sets.value - before) sets")
        }
        let before = sets.value
        try await shell("rm -r dir-*")
        try await write("four")
        #expect(try await Self.becomeEqual(folder.path, place))
        // A set is closed when nothing comes for 10 ms, and whoever makes the files may be kept from it for as long:
        // how many there are depends on the machine. Without joining them it would be 10,000.
        #expect(sets.value - before <= 500)
        watcher.stop()
        try await following.value
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("the app has the limit of open files that the container has")
    func openFiles() async throws {
        let agent = try AgentHarness(script: "ulimit -n > $0.limit; exec sleep 1000", openFiles: 1_024)
        defer { agent.remove() }
        #expect(await eventually { text(agent.program + ".limit") == "1024\n" })
    }

    @Test("S30 what editors leave while they save is neither told nor sent")
    func temporaries() async throws {
        let folder = try TemporaryDirectory("editors")
        try folder.write("main.txt", "one")
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        let place = agent.image + "/tree"
        let sets = Counter()
        let watcher = try FileWatcher(roots: [folder.path])
        let following = Task { try await Self.follow(watcher, folder.path, place, session, sets) }
        let script = """
            : > 4913; rm 4913; printf swap > .main.txt.swp; printf one > main.txt~; printf x > '#main.txt#'
            printf lock > .#main.txt; printf part > main.txt___jb_tmp___; printf part > .goutputstream-ABC
            mv main.txt main.txt~; printf two > main.txt; rm .main.txt.swp main.txt~
            printf swap > .other.swx; printf y > later.tmp
            """
        let result = try await ProcessRunner.run(ProcessCommand(["sh", "-c", script], directory: folder.path))
        #expect(result.status.isSuccess)
        #expect(await poll { text(place + "/main.txt") == "two" })
        // Whatever else was to come would have come before this.
        try folder.write("last.txt", "end")
        #expect(await poll { text(place + "/last.txt") == "end" })
        #expect(Set(TestFiles.names(place)) == ["main.txt", "last.txt"])
        watcher.stop()
        try await following.value
        await session.close()
    }
}
