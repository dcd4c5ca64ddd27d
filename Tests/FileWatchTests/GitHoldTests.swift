// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import ProcessRunner
import Testing

@testable import FileWatch

/// A git operation that is under way holds the set until it ends.
@Suite(.timeLimit(.minutes(3))) struct GitHoldTests {
    @discardableResult
    private func git(_ words: String..., in folder: String) async throws -> Bool {
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "core.editor=true"]
        return try await ProcessRunner.run(ProcessCommand(["git"] + identity + words, directory: folder)).status
            .isSuccess
    }

    private func repository() async throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory("git-hold")
        try await git("init", "-q", "-b", "main", "repo", in: folder.path)
        try folder.write("repo/file", "1\n")
        try await git("add", ".", in: folder("repo"))
        #expect(try await git("commit", "-q", "-m", "one", in: folder("repo")))
        return folder
    }

    private func touch(_ path: String, _ when: String) async throws {
        let result = try await ProcessRunner.run(ProcessCommand(["touch", "-d", when, path]))
        #expect(result.status.isSuccess)
    }

    @Test("a lock of the index holds for as long as it is there", arguments: [false, true])
    func lock(_ isLinked: Bool) async throws {
        let folder = try await repository()
        if isLinked { #expect(try await git("worktree", "add", "-q", "../tree", in: folder("repo"))) }
        let tree = isLinked ? "tree" : "repo"
        // In a linked work tree `.git` is a file, and the lock elsewhere.
        let lock = isLinked ? "repo/.git/worktrees/tree/index.lock" : "repo/.git/index.lock"
        var watch = try SteppedWatch(folder(tree))
        try folder.write(lock, "")
        try folder.write("\(tree)/file", "2")
        #expect(watch.at(0) == nil)
        #expect(watch.at(10) == nil)
        #expect(watch.due == 30)
        #expect(watch.at(5000) == nil)
        TestFiles.remove(folder(lock))
        #expect(watch.at(5020)?.changes == [.init(path: folder("\(tree)/file"), kind: .modified)])
        #expect(watch.core.warnings == [])
    }

    @Test("a lock that was left behind holds once for 2 s, and is named with what to do")
    func deadLock() async throws {
        let folder = try await repository()
        let lock = try folder.write("repo/.git/index.lock", "")
        try await touch(lock, "1 hour ago")
        var watch = try SteppedWatch(folder("repo"))
        try folder.write("repo/file", "2")
        #expect(watch.at(0) == nil)
        #expect(watch.at(1999) == nil)
        #expect(watch.at(2000)?.changes.count == 1)
        let warning = try #require(watch.core.warnings.first)
        #expect(warning.message.hasPrefix("\(lock) is 360"))
        #expect(warning.hint == "when no git command is at work, one has left it behind: rm '\(lock)'")
        watch.core.warnings = []
        try folder.write("repo/file", "3")
        #expect(watch.at(3000) == nil)
        #expect(watch.at(3010)?.changes.count == 1)
        #expect(watch.core.warnings == [])
        // Another lock of the same name is another one.
        try await touch(lock, "now")
        try folder.write("repo/file", "4")
        #expect(watch.at(4000) == nil)
        #expect(watch.at(4010) == nil)
        #expect(watch.due == 4030)
    }

    @Test("a rebase holds from step to step, but not while it waits for the user")
    func rebase() async throws {
        let folder = try await repository()
        let repo = folder("repo")
        try await git("checkout", "-q", "-b", "other", in: repo)
        for number in 1...3 {
            try folder.write("repo/other-\(number)", "\(number)")
            try await git("add", ".", in: repo)
            try await git("commit", "-q", "-m", "other \(number)", in: repo)
        }
        try folder.write("repo/file", "theirs\n")
        try await git("commit", "-q", "-a", "-m", "conflict", in: repo)
        try await git("checkout", "-q", "main", in: repo)
        try folder.write("repo/file", "ours\n")
        try await git("commit", "-q", "-a", "-m", "two", in: repo)
        try await git("checkout", "-q", "other", in: repo)

        var watch = try SteppedWatch(repo)
        #expect(try await !git("rebase", "-q", "main", in: repo))
        // It has stopped at the conflict; for git, as for us, it could as well be between two steps.
        try await touch(folder("repo/.git/HEAD"), "now + 1 hour")
        #expect(watch.at(0) == nil)
        #expect(watch.at(10) == nil)
        #expect(watch.due == 30)
        for name in ["HEAD", "index"] { try await touch(folder("repo/.git/\(name)"), "1 minute ago") }
        let closed = watch.at(30)
        let set = try #require(closed)
        #expect(set.changes.contains { $0.path == folder("repo/file") })
        // The user mends it: saves are told as ever.
        try folder.write("repo/file", "both\n")
        #expect(watch.at(1000) == nil)
        #expect(watch.at(1010)?.changes == [.init(path: folder("repo/file"), kind: .modified)])
        try await git("add", ".", in: repo)
        #expect(try await git("rebase", "--continue", in: repo))
        #expect(watch.at(2000) == nil)
        _ = watch.at(2010)
        #expect(watch.due == nil)
    }
}
