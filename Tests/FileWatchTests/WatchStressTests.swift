// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import ProcessRunner
import Testing

@testable import FileWatch

/// Many files at once, and the kernel's limits.
@Suite(.timeLimit(.minutes(4)), .serialized) struct WatchStressTests {
    private func git(_ arguments: String..., in folder: String) async throws {
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        let result = try await ProcessRunner.run(ProcessCommand(["git"] + identity + arguments, directory: folder))
        #expect(result.status.isSuccess, "\(result.errorText)")
    }

    /// By another program: in this one it would keep other tests waiting.
    private func manyFiles(_ count: Int, _ text: String, in folder: TemporaryDirectory) async throws {
        let script = """
            seq 0 99 | sed 's/^/dir-/' | xargs mkdir -p
            i=0; while [ $i -lt \(count) ]; do echo "\(text) $i" > dir-$((i%100))/file-$i; i=$((i+1)); done
            """
        let result = try await ProcessRunner.run(ProcessCommand(["sh", "-c", script], directory: folder.path))
        #expect(result.status.isSuccess, "\(result.errorText)")
    }

    @Test("S23 a checkout of 5,000 files is few sets, and all files")
    func aCheckoutOfFiveThousandFiles() async throws {
        let folder = try TemporaryDirectory("watch")
        try await git("init", "-q", "-b", "main", ".", in: folder.path)
        try await manyFiles(5_000, "one", in: folder)
        try await git("add", ".", in: folder.path)
        try await git("commit", "-q", "-m", "one", in: folder.path)
        try await git("checkout", "-q", "-b", "other", in: folder.path)
        try await manyFiles(5_000, "two", in: folder)
        try await git("commit", "-q", "-a", "-m", "two", in: folder.path)

        let recorder = Recorder(try FileWatcher(roots: [folder.path]))
        #expect(await recorder.knowsContent())

        try await git("checkout", "-q", "main", in: folder.path)
        let isComplete = await poll(deadline: .seconds(60)) {
            Set(recorder.changes.map(\.path)).count == 5_000
        }
        #expect(isComplete, "\(recorder.changes.count) changes")
        #expect(recorder.all.count <= 3, "\(recorder.all.count) sets")

        // There and back is nothing, by content.
        #expect(try await recorder.seesNothing(in: folder))
        recorder.clear()
        try await git("checkout", "-q", "other", in: folder.path)
        try await git("checkout", "-q", "main", in: folder.path)
        // Either nothing, or what was seen between the two, and then back again.
        _ = try await recorder.seesNothing(in: folder)
        #expect(await recorder.knowsContent())
        #expect(recorder.all.count <= 4, "\(recorder.all.count) sets")
        let touched = recorder.changes.filter { $0.path.contains("/file-") }
        let times = Dictionary(grouping: touched, by: \.path).values.map(\.count)
        #expect(times.allSatisfy { $0 != 1 }, "a file was told as another one, and never as it was before")
    }

    @Test("S23 what is removed and made again ends as it is")
    func removedAndMadeAgain() async throws {
        let folder = try TemporaryDirectory("watch")
        try await manyFiles(2_000, "one", in: folder)
        let recorder = Recorder(try FileWatcher(roots: [folder.path]))
        let result = try await ProcessRunner.run(ProcessCommand(["sh", "-c", "rm -r dir-*"], directory: folder.path))
        #expect(result.status.isSuccess)
        try await manyFiles(2_000, "two", in: folder)
        let isComplete = await poll(deadline: .seconds(60)) {
            let last = Dictionary(recorder.changes.map { ($0.path, $0.kind) }) { $1 }
            return last.count == 2_000 && !last.values.contains(.deleted)
        }
        #expect(isComplete)
        recorder.clear()
        try folder.write("dir-7/file-7", "three")
        #expect(await recorder.sees(folder("dir-7/file-7"), .modified))
    }

    @Test("S22 beyond the limit of watches everything is still seen, and the number is told")
    func withoutWatches() async throws {
        let folder = try TemporaryDirectory("watch")
        try await manyFiles(300, "one", in: folder)
        let recorder = Recorder(try FileWatcher(roots: [folder.path], watchLimit: 10))
        #expect(await poll { !recorder.warnings.isEmpty })
        let warning = try #require(recorder.warnings.first)
        #expect(warning.message.contains("102 folders need a watch, 92 have none"), "\(warning.message)")
        let limit = try TestFiles.read("/proc/sys/fs/inotify/max_user_watches").filter(\.isNumber)
        #expect(warning.message.contains("fs.inotify.max_user_watches is \(limit)"), "\(warning.message)")
        #expect(warning.hint.contains("sudo sysctl fs.inotify.max_user_watches="))
        for index in [3, 50, 99] { try folder.write("dir-\(index)/file-\(index)", "changed") }
        try folder.write("dir-new/file", "x")
        TestFiles.remove(folder("dir-60/file-60"))
        for index in [3, 50, 99] { #expect(await recorder.sees(folder("dir-\(index)/file-\(index)"), .modified)) }
        #expect(await recorder.sees(folder("dir-new/file"), .created))
        #expect(await recorder.sees(folder("dir-60/file-60"), .deleted))
        #expect(recorder.all.contains { $0.rescanned })
        #expect(recorder.warnings.count == 1)
    }

    @Test func usesOneInstanceForManyRoots() async throws {
        let folder = try TemporaryDirectory("watch")
        let roots = try (0..<200).map { index in
            try folder.write("root-\(index)/file", "1")
            return folder("root-\(index)")
        }
        let recorder = Recorder(try FileWatcher(roots: roots))
        for root in roots { try TestFiles.write("\(root)/file", "22") }
        for root in roots { #expect(await recorder.sees("\(root)/file", .modified)) }
        #expect(recorder.watcher.watchCount == 201)
    }
}
