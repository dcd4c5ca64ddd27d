// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Glibc
import ProcessRunner
import Testing

@testable import FileWatch

/// The kernel's queue of events overflows.
@Suite(.timeLimit(.minutes(3))) struct OverflowTests {
    @Test("S22 events that were dropped are found by looking at all files, and the number is told once")
    func dropped() throws {
        let folder = try TemporaryDirectory("overflow")
        for name in ["same", "changed", "gone"] { try folder.write(name, "1") }
        // Without a watch no event ever comes: all that is seen is seen by looking.
        var core = WatchCore(events: try InotifyEvents(), watchLimit: 0)
        let start = ContinuousClock.now
        try core.setRoots([folder.path], at: start)
        core.pollDue = nil
        core.warnings = []
        try folder.write("changed", "two")
        try folder.write("new/deep", "1")
        TestFiles.remove(folder("gone"))
        core.handle(.overflow, at: start)
        core.handle(.overflow, at: start)
        let now = start + SettleTimes().longest
        var set = core.close(at: now)
        if set == nil { set = core.close(at: core.heldUntil ?? now) }
        let changes = try #require(set)
        #expect(changes.rescanned)
        #expect(
            Set(changes.changes) == [
                FileChange(path: folder("changed"), kind: .modified),
                FileChange(path: folder("gone"), kind: .deleted), FileChange(path: folder("new/deep"), kind: .created),
            ])
        let limit = try TestFiles.read("/proc/sys/fs/inotify/max_queued_events").filter(\.isNumber)
        let told = core.warnings.filter { $0.hint.contains("max_queued_events") }
        #expect(told.count == 1)
        #expect(told.first?.message.contains("fs.inotify.max_queued_events is \(limit)") == true)
        #expect(told.first?.hint.hasPrefix("sudo sysctl fs.inotify.max_queued_events=") == true)
    }

    @Test("S22 after a real overflow no edit is lost, not even in a folder that was replaced meanwhile")
    func real() async throws {
        let folder = try TemporaryDirectory("overflow")
        for name in ["noise", "moved/inside", "quiet"] { try folder.write(name, "1") }
        // Nobody reads events but when the test says so.
        var watch = try SteppedWatch(folder.path)
        let limit = try #require(Int(try TestFiles.read("/proc/sys/fs/inotify/max_queued_events").filter(\.isNumber)))
        // Equal events in a row count once: so it is two files by turns. By another program, since it takes a while.
        let script = "i=0; while [ $i -lt \(limit / 2) ]; do echo $i > noise; echo $i > noise-2; i=$((i+1)); done"
        let result = try await ProcessRunner.run(ProcessCommand(["sh", "-c", script], directory: folder.path))
        #expect(result.status.isSuccess)
        // What follows has no event any more.
        try folder.write("quiet", "2")
        #expect(rename(folder("moved"), folder("away")) == 0)
        try folder.write("moved/inside", "2")
        #expect(watch.at(0) == nil)
        #expect(watch.core.overflows == 1)
        let closed = watch.at(150)
        let set = try #require(closed)
        #expect(set.rescanned)
        let expected: Set<FileChange> = [
            .init(path: folder("quiet"), kind: .modified), .init(path: folder("moved/inside"), kind: .modified),
            .init(path: folder("away/inside"), kind: .created),
        ]
        #expect(expected.isSubset(of: set.changes), "\(set.changes)")
        #expect(watch.core.warnings.count { $0.hint.contains("max_queued_events") } == 1)
        // The folder that is there now is the one that is watched.
        for (index, path) in ["moved/inside", "away/inside"].enumerated() {
            try folder.write(path, "3")
            #expect(watch.at(1000 * (index + 1)) == nil)
            let change = FileChange(path: folder(path), kind: .modified)
            #expect(watch.at(1000 * (index + 1) + 10)?.changes == [change])
        }
    }
}
