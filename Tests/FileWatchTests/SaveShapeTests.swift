// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Glibc
import Testing

@testable import FileWatch

/// When the set of a save closes: real files and events, and a clock of the test's.
@Suite struct SaveShapeTests {
    @Test("a set closes 10 ms after the last event")
    func quiet() throws {
        let folder = try TemporaryDirectory("shape")
        try folder.write("a", "1")
        var watch = try SteppedWatch(folder.path)
        #expect(watch.due == nil)
        try folder.write("a", "2")
        #expect(watch.at(0) == nil)
        #expect(watch.due == 10)
        #expect(watch.at(9) == nil)
        try folder.write("b", "1")
        #expect(watch.at(9) == nil)
        #expect(watch.due == 19)
        #expect(watch.at(18) == nil)
        let closed = watch.at(19)
        let set = try #require(closed)
        #expect(set.changes == [.init(path: folder("a"), kind: .modified), .init(path: folder("b"), kind: .created)])
        #expect(set.firstEvent == watch.start)
        #expect(set.lastEvent == watch.start + .milliseconds(9))
        #expect(watch.due == nil)
    }

    @Test("a set closes at the latest 150 ms after its first event")
    func longest() throws {
        let folder = try TemporaryDirectory("shape")
        var watch = try SteppedWatch(folder.path)
        for time in stride(from: 0, to: 150, by: 5) {
            try folder.write("file-\(time)", "1")
            let set = watch.at(time)
            try #require(set == nil, "\(time)")
        }
        #expect(watch.due == 150)
        #expect(watch.at(150)?.changes.count == 30)
    }

    @Test("both times can be others, also later")
    func otherTimes() throws {
        let folder = try TemporaryDirectory("shape")
        var watch = try SteppedWatch(
            folder.path, settle: SettleTimes(quiet: .milliseconds(40), longest: .milliseconds(70)))
        try folder.write("a", "1")
        #expect(watch.at(0) == nil)
        #expect(watch.due == 40)
        try folder.write("b", "1")
        #expect(watch.at(39) == nil)
        #expect(watch.due == 70)
        #expect(watch.at(70)?.changes.count == 2)
        watch.core.settle.times = SettleTimes(quiet: .milliseconds(5))
        try folder.write("c", "1")
        #expect(watch.at(100) == nil)
        #expect(watch.due == 105)
    }

    @Test("S30 an editor that replaces the file gives one modification")
    func editorReplaces() throws {
        let folder = try TemporaryDirectory("shape")
        try folder.write("main.swift", "1")
        var watch = try SteppedWatch(folder.path)
        // As vim with a backup: the file is moved away, written anew a while later, and the backup removed.
        try folder.write("4913", "")
        TestFiles.remove(folder("4913"))
        try folder.write(".main.swift.swp", "swap")
        #expect(rename(folder("main.swift"), folder("main.swift~")) == 0)
        #expect(watch.at(0) == nil)
        #expect(watch.at(10) == nil)
        #expect(watch.due == 40)
        try folder.write("main.swift", "22")
        #expect(watch.at(35) == nil)
        TestFiles.remove(folder("main.swift~"))
        TestFiles.remove(folder(".main.swift.swp"))
        #expect(watch.at(45)?.changes == [.init(path: folder("main.swift"), kind: .modified)])
        #expect(watch.at(1000) == nil)
    }

    @Test("a file that is gone for longer is deleted")
    func deleted() throws {
        let folder = try TemporaryDirectory("shape")
        try folder.write("main.swift", "1")
        var watch = try SteppedWatch(folder.path)
        TestFiles.remove(folder("main.swift"))
        #expect(watch.at(0) == nil)
        #expect(watch.at(39) == nil)
        #expect(watch.at(40)?.changes == [.init(path: folder("main.swift"), kind: .deleted)])
    }

    @Test("a file that is still written to is waited for, at most until the limit")
    func openWriter() throws {
        let folder = try TemporaryDirectory("shape")
        var watch = try SteppedWatch(folder.path)
        let file = try #require(fopen(folder("log"), "w"))
        fputs("half", file)
        fflush(file)
        #expect(watch.at(0) == nil)
        #expect(watch.at(10) == nil)
        #expect(watch.due == 150)
        fputs(" and whole", file)
        fclose(file)
        #expect(watch.at(60) == nil)
        #expect(watch.at(70)?.changes == [.init(path: folder("log"), kind: .created)])
    }

    @Test("a folder that is replaced while it is looked at is watched as it is afterwards", arguments: [true, false])
    func replacedDuringScan(_ isBefore: Bool) throws {
        let folder = try TemporaryDirectory("shape")
        try folder.write("tree/deep/old", "1")
        let (tree, away) = (folder("tree"), folder("away"))
        // Once, between the look at the folder above and the watch, or between the watch and the look at its names.
        let replace: @Sendable (String) -> Void = { path in
            guard path == tree + "/deep", access(away, F_OK) != 0 else { return }
            rename(path, away)
            try? TestFiles.write(tree + "/deep/new", "1")
        }
        let events = try isBefore ? HookedEvents(before: replace) : HookedEvents(after: replace)
        var watch = try SteppedWatch(tree, events: events)
        // What came up meanwhile is told or was there at the start; either way it is known.
        _ = watch.at(0)
        _ = watch.at(150)
        #expect(watch.core.ledger.isKnown(tree + "/deep/new"))
        #expect(!watch.core.ledger.isKnown(tree + "/deep/old"))
        try TestFiles.write(tree + "/deep/new", "changed")
        #expect(watch.at(1000) == nil)
        #expect(watch.at(1010)?.changes == [.init(path: tree + "/deep/new", kind: .modified)])
        // The folder that was moved away is none of ours.
        try TestFiles.write(away + "/old", "changed")
        #expect(watch.at(2000) == nil)
        #expect(watch.at(2150) == nil)
    }

    @Test("a root that is replaced while it is looked at is watched as it is afterwards", arguments: [true, false])
    func rootReplacedDuringScan(_ isBefore: Bool) throws {
        let folder = try TemporaryDirectory("shape")
        try folder.write("root/old", "1")
        let (root, away) = (folder("root"), folder("away"))
        let replace: @Sendable (String) -> Void = { path in
            guard path == root, access(away, F_OK) != 0 else { return }
            rename(path, away)
            try? TestFiles.write(root + "/new", "1")
        }
        let events = try isBefore ? HookedEvents(before: replace) : HookedEvents(after: replace)
        var watch = try SteppedWatch(root, events: events)
        _ = watch.at(0)
        _ = watch.at(150)
        #expect(watch.core.ledger.isKnown(root + "/new"))
        try TestFiles.write(root + "/new", "changed")
        #expect(watch.at(1000) == nil)
        #expect(watch.at(1010)?.changes == [.init(path: root + "/new", kind: .modified)])
    }
}
