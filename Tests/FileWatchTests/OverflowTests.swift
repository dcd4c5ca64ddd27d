// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Testing

@testable import FileWatch

/// The kernel's queue of events, as if it had overflowed: to make it do so would take that of all other programs.
@Suite struct OverflowTests {
    @Test("S22 events that were dropped are found by looking at all files, and the number is told once")
    func dropped() throws {
        let folder = try TemporaryDirectory("overflow")
        for name in ["same", "changed", "gone"] { try folder.write(name, "1") }
        // Without a descriptor no event ever comes: all that is seen is seen by looking.
        var core = WatchCore(descriptor: -1, watchLimit: 0, ignore: WatchIgnore())
        let start = ContinuousClock.now
        try core.setRoots([folder.path], at: start)
        core.pollDue = nil
        core.warnings = []
        try folder.write("changed", "two")
        try folder.write("new/deep", "1")
        TestFiles.remove(folder("gone"))
        core.handle(.overflow, at: start)
        core.handle(.overflow, at: start)
        let now = start + SettleRule.longest
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
}
