// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import FileWatch
import Glibc
import ProcessRunner
import Testing

@Suite(.timeLimit(.minutes(2))) struct FileWatcherTests {
    private func run(_ arguments: String..., in folder: String) async throws {
        let result = try await ProcessRunner.run(ProcessCommand(arguments, directory: folder))
        #expect(result.status.isSuccess, "\(result.errorText)")
    }

    /// Waits until what was there at the start is known by its content: a touch then tells nothing.
    private func recorder(_ folder: TemporaryDirectory, roots: [String]? = nil, ignore: WatchIgnore = WatchIgnore())
        async throws -> Recorder
    {
        let recorder = Recorder(try FileWatcher(roots: roots ?? [folder.path], ignore: ignore))
        let probe = folder("probe-at-start")
        guard roots == nil else { return recorder }
        try folder.write("probe-at-start", "x")
        #expect(await recorder.sees(probe, .created))
        #expect(await recorder.knowsContent())
        recorder.clear()
        return recorder
    }

    @Test func tellsWhatWasMadeEditedAndRemoved() async throws {
        let folder = try TemporaryDirectory("watch")
        try folder.write("old.txt", "1")
        let recorder = try await recorder(folder)
        let new = try folder.write("new.txt", "1")
        #expect(await recorder.sees(new, .created))
        try folder.write("old.txt", "22")
        #expect(await recorder.sees(folder("old.txt"), .modified))
        TestFiles.remove(folder("old.txt"))
        #expect(await recorder.sees(folder("old.txt"), .deleted))
    }

    @Test("S12 an edit of the same size in the same second is seen")
    func sameSizeSameSecond() async throws {
        let folder = try TemporaryDirectory("watch")
        try folder.write("a.txt", "0")
        let recorder = try await recorder(folder)
        for index in 1..<10 {
            recorder.clear()
            try folder.write("a.txt", "\(index)")
            #expect(await recorder.sees(folder("a.txt"), .modified))
        }
    }

    @Test("S13 the same content is no change")
    func sameContent() async throws {
        let folder = try TemporaryDirectory("watch")
        try folder.write("a.txt", "same")
        let recorder = try await recorder(folder)
        try await run("touch", "a.txt", in: folder.path)
        try folder.write("a.txt", "same")
        try await run("sh", "-c", "cp a.txt b.tmp; mv b.tmp a.txt", in: folder.path)
        #expect(try await recorder.seesNothing(in: folder))
        try await run("chmod", "+x", "a.txt", in: folder.path)
        #expect(await recorder.sees(folder("a.txt"), .modified))
    }

    @Test func aTouchOfWhatWasThereAtTheStartIsNoChange() async throws {
        let folder = try TemporaryDirectory("watch")
        for index in 0..<50 { try folder.write("file-\(index)", "\(index)") }
        try await run("sh", "-c", "touch -d '1 hour ago' file-*", in: folder.path)
        let recorder = Recorder(try FileWatcher(roots: [folder.path]))
        #expect(await recorder.knowsContent())
        try await run("sh", "-c", "touch file-*", in: folder.path)
        #expect(try await recorder.seesNothing(in: folder))
    }

    @Test func seesWhatIsMadeInNewFolders() async throws {
        let folder = try TemporaryDirectory("watch")
        let recorder = try await recorder(folder)
        // Made faster than a watch can be added: they are found by the look at the new folder.
        for index in 0..<30 { try folder.write("new-\(index)/a/b/c/file.txt", "\(index)") }
        for index in 0..<30 { #expect(await recorder.sees(folder("new-\(index)/a/b/c/file.txt"), .created)) }
        recorder.clear()
        for index in 0..<30 { try folder.write("new-\(index)/a/b/c/file.txt", "changed \(index)") }
        for index in 0..<30 { #expect(await recorder.sees(folder("new-\(index)/a/b/c/file.txt"), .modified)) }
    }

    @Test func followsFoldersThatMove() async throws {
        let folder = try TemporaryDirectory("watch")
        try folder.write("one/deep/file.txt", "1")
        let recorder = try await recorder(folder)
        #expect(rename(folder("one"), folder("two")) == 0)
        #expect(await recorder.sees(folder("one/deep/file.txt"), .deleted))
        #expect(await recorder.sees(folder("two/deep/file.txt"), .created))
        try folder.write("two/deep/file.txt", "22")
        #expect(await recorder.sees(folder("two/deep/file.txt"), .modified))
        #expect(!recorder.changes.contains { $0.path == folder("one/deep/file.txt") && $0.kind != .deleted })
    }

    @Test("S30 editors that replace the file are told as one that has changed it, and their own files not at all")
    func editorsReplaceFiles() async throws {
        let folder = try TemporaryDirectory("watch")
        try folder.write("main.swift", "1")
        let recorder = try await recorder(folder)
        // As vim with a backup: the file is moved away, written anew, and the backup removed. That it is one change when
        // the new file comes in time is shown in `SaveShapeTests`, by a clock that no other program can stop.
        let script = """
            : > 4913; rm 4913; : > .main.swift.swp
            mv main.swift main.swift~; printf 22 > main.swift; rm main.swift~ .main.swift.swp
            """
        try await run("sh", "-c", script, in: folder.path)
        #expect(await poll(deadline: .seconds(30)) { recorder.changes.last { $0.path == folder("main.swift") } != nil })
        #expect(try await recorder.seesNothing(in: folder))
        #expect(recorder.changes.last { $0.path == folder("main.swift") }?.kind != .deleted)
        #expect(recorder.changes.allSatisfy { $0.path == folder("main.swift") || $0.path.contains("sentinel-") })
    }

    @Test("S30 output, temporaries and what rules ignore are not told")
    func ignoresTemporaries() async throws {
        let folder = try TemporaryDirectory("watch")
        try await run("git", "init", "-q", ".", in: folder.path)
        try folder.write(".gitignore", "*.log\nout/\n")
        try folder.write(".devloopignore", "docs/\n")
        let recorder = try await recorder(folder, ignore: WatchIgnore(project: folder.path, patterns: ["*.bak"]))
        for path in [
            ".git/x", ".build/a.o", ".build-devloop/a.o", "a.log", "out/deep/file", "docs/a.md", "a.bak", "a.swift~",
            ".a.swift.swp", "sub/.build/x", "sub/b.log",
        ] {
            try folder.write(path, "x")
            #expect(recorder.watcher.isIgnored(folder(path)), "\(path)")
        }
        #expect(try await recorder.seesNothing(in: folder))
        #expect(!recorder.watcher.isIgnored(folder("a.swift")))
        // The rules themselves are watched; what they no longer ignore appears.
        try folder.write(".gitignore", "out/\n")
        #expect(await recorder.sees(folder("a.log"), .created))
        #expect(await recorder.sees(folder("sub/b.log"), .created))
    }

    @Test func aRootInsideAnIgnoredFolderIsWatched() async throws {
        let folder = try TemporaryDirectory("watch")
        try await run("git", "init", "-q", ".", in: folder.path)
        try folder.write(".gitignore", "out/\n")
        try folder.write("out/a.js", "1")
        let recorder = try await recorder(folder, roots: [folder.path, folder("out")])
        try folder.write("out/a.js", "22")
        #expect(await recorder.sees(folder("out/a.js"), .modified))
    }

    @Test func watchesSingleFilesAndMissingRoots() async throws {
        let folder = try TemporaryDirectory("watch")
        let file = try folder.write("conf/Devloopfile", "1")
        let roots = [file, folder("later/deep/root"), folder("missing.txt")]
        let recorder = Recorder(try FileWatcher(roots: roots))
        try folder.write("conf/other", "x")
        try folder.write("conf/Devloopfile", "22")
        #expect(await recorder.sees(file, .modified))
        try folder.write("missing.txt", "x")
        #expect(await recorder.sees(folder("missing.txt"), .created))
        try folder.write("later/deep/root/a/b.txt", "x")
        #expect(await recorder.sees(folder("later/deep/root/a/b.txt"), .created))
        try folder.write("later/deep/root/a/b.txt", "22")
        #expect(await recorder.sees(folder("later/deep/root/a/b.txt"), .modified))
        // A root that is removed and made again is the same root.
        TestFiles.remove(folder("later"))
        #expect(await recorder.sees(folder("later/deep/root/a/b.txt"), .deleted))
        recorder.clear()
        try folder.write("later/deep/root/c.txt", "x")
        #expect(await recorder.sees(folder("later/deep/root/c.txt"), .created))
        #expect(!recorder.changes.contains { $0.path == folder("conf/other") })
    }

    /// Its folders come one after another, while the watcher is on its way down to it.
    @Test func aMissingRootIsSeenHoweverItComes() async throws {
        let folder = try TemporaryDirectory("watch")
        let root = folder("a/b/c/d/e/root")
        let recorder = Recorder(try FileWatcher(roots: [root]))
        for number in 1...60 {
            try folder.write("a/b/c/d/e/root/\(number).txt", "x")
            try #require(await recorder.sees("\(root)/\(number).txt", .created), "\(number)")
            TestFiles.remove(folder("a"))
            try #require(await recorder.sees("\(root)/\(number).txt", .deleted), "\(number)")
        }
    }

    @Test func rootsCanBeReplaced() async throws {
        let folder = try TemporaryDirectory("watch")
        try folder.write("a/file", "1")
        try folder.write("b/file", "1")
        let recorder = Recorder(try FileWatcher(roots: [folder("a")]))
        try recorder.watcher.update(roots: [folder("b")])
        try folder.write("a/file", "22")
        try folder.write("b/file", "22")
        #expect(await recorder.sees(folder("b/file"), .modified))
        #expect(!recorder.changes.contains { $0.path == folder("a/file") })
        #expect(recorder.watcher.isIgnored(folder("a/file")))
        #expect(throws: DevloopError.self) { try recorder.watcher.update(roots: ["relative"]) }
    }

    @Test("S18 links are told as themselves: made, made to lead elsewhere, and gone, wherever they lead")
    func links() async throws {
        let folder = try TemporaryDirectory("watch")
        try folder.write("file", "1")
        try folder.write("deep/inside", "1")
        let recorder = try await recorder(folder)
        for (name, target) in [("to-file", "file"), ("to-folder", "deep"), ("dangling", "nowhere"), ("loop", "loop")] {
            #expect(symlink(target, folder(name)) == 0)
            #expect(await recorder.sees(folder(name), .created), "\(name)")
        }
        // Nothing is told of what lies behind a link to a folder, only where it is.
        #expect(!recorder.changes.contains { $0.path.contains("to-folder/") })
        recorder.clear()
        for name in ["to-file", "to-folder", "dangling", "loop"] {
            try await run("ln", "-sfn", "deep/inside", name, in: folder.path)
            #expect(await recorder.sees(folder(name), .modified), "\(name)")
            try await run("ln", "-sfn", "deep/inside", name, in: folder.path)
        }
        recorder.clear()
        // A file with the very content that the link leads to is another thing.
        TestFiles.remove(folder("to-file"))
        try folder.write("to-file", "1")
        // On a busy machine it may have been gone for long enough to be told as that first.
        let isThere: (FileChange) -> Bool = { $0.path == folder("to-file") && $0.kind != .deleted }
        #expect(await poll(deadline: .seconds(30)) { recorder.changes.contains(where: isThere) })
        TestFiles.remove(folder("loop"))
        #expect(await recorder.sees(folder("loop"), .deleted))
    }

    @Test("S20 names that differ in their bytes alone are files and folders of their own")
    func twins() async throws {
        let folder = try TemporaryDirectory("watch")
        let names = ["e\u{301}", "\u{e9}", "Case", "case", "\u{301}first"]
        for name in names { try folder.write("files/\(name)", name) }
        let recorder = try await recorder(folder)
        for name in names {
            recorder.clear()
            try folder.write("files/\(name)", "changed \(name)")
            let path = folder("files/\(name)")
            #expect(await recorder.sees(path, .modified))
            #expect(recorder.changes.allSatisfy { Array($0.path.utf8) == Array(path.utf8) }, "\(recorder.changes)")
        }
        for name in names { try folder.write("folders/\(name)/file", name) }
        for name in names { #expect(await recorder.sees(folder("folders/\(name)/file"), .created)) }
        // One folder goes; its twin is watched as before.
        TestFiles.remove(folder("folders/e\u{301}"))
        #expect(
            await poll {
                recorder.changes.contains {
                    $0.kind == .deleted && $0.path.utf8.elementsEqual(folder("folders/e\u{301}/file").utf8)
                }
            })
        recorder.clear()
        try folder.write("folders/\u{e9}/file", "changed")
        #expect(await recorder.sees(folder("folders/\u{e9}/file"), .modified))
    }

    @Test func aLinkAsRootKeepsItsName() async throws {
        let folder = try TemporaryDirectory("watch")
        try folder.write("real/file", "1")
        #expect(symlink(folder("real"), folder("link")) == 0)
        let recorder = Recorder(try FileWatcher(roots: [folder("link"), folder("real")]))
        try folder.write("real/file", "22")
        #expect(await recorder.sees(folder("link/file"), .modified))
        #expect(await recorder.sees(folder("real/file"), .modified))
    }
}
