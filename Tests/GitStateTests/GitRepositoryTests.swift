// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import GitState
import ProcessRunner
import Testing

@Suite(.timeLimit(.minutes(2))) struct GitRepositoryTests {
    /// A repository made by the real git, with one commit unless said otherwise.
    static func repository(commit: Bool = true) async throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory("git")
        try await git(["init", "-q", "-b", "main"], in: folder.path)
        if commit {
            try folder.write("tracked.txt", "one\n")
            try folder.write("folder/inner.txt", "two\n")
            try await git(["add", "."], in: folder.path)
            try await git(["commit", "-q", "-m", "first"], in: folder.path)
        }
        return folder
    }

    @discardableResult
    static func git(_ arguments: [String], in folder: String) async throws -> String {
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        let result = try await ProcessRunner.run(ProcessCommand(["git"] + identity + arguments, directory: folder))
        #expect(result.status.isSuccess, "\(result.errorText)")
        return result.outputText
    }

    @Test func findsTheRepositoryFromBelow() async throws {
        let folder = try await Self.repository()
        for path in [folder.path, folder("folder"), folder("folder/inner.txt"), folder("folder/not/there.txt")] {
            let found = try #require(try GitRepository.discover(from: path))
            #expect(found.workTree == folder.path)
            #expect(found.gitDirectory == folder(".git"))
        }
        let outside = try TemporaryDirectory()
        #expect(try GitRepository.discover(from: outside.path) == nil)
    }

    @Test func readsTheHead() async throws {
        let folder = try await Self.repository()
        let repository = try #require(try GitRepository.discover(from: folder.path))
        let head = try #require(try repository.head())
        #expect(head.revision == (try await Self.git(["rev-parse", "HEAD"], in: folder.path)).dropLast())
        #expect(head.branch == "main")
        try await Self.git(["checkout", "-q", "--detach"], in: folder.path)
        let detached = try #require(try repository.head())
        #expect(detached.revision == head.revision)
        #expect(detached.branch == nil)
        let empty = try await Self.repository(commit: false)
        let unborn = try #require(try GitRepository.discover(from: empty.path))
        #expect(try unborn.head() == nil)
        #expect(try unborn.isDirty() == false)
        try empty.write("new.txt", "")
        #expect(try unborn.changedFiles() == ["new.txt"])
    }

    @Test func listsChangedFiles() async throws {
        let folder = try await Self.repository()
        let repository = try #require(try GitRepository.discover(from: folder.path))
        #expect(try repository.isDirty() == false)
        try folder.write(".gitignore", "*.log\n")
        try folder.write("tracked.txt", "changed\n")
        try folder.write("new/deep.txt", "")
        try folder.write("new/noise.log", "")
        TestFiles.remove(folder("folder/inner.txt"))
        #expect(try repository.isDirty())
        #expect(
            try repository.changedFiles() == [".gitignore", "folder/inner.txt", "new/deep.txt", "tracked.txt"])
        try await Self.git(["add", "-A"], in: folder.path)
        #expect(try repository.changedFiles().count == 4)
        try await Self.git(["commit", "-q", "-m", "second"], in: folder.path)
        #expect(try repository.isDirty() == false)
        #expect(try repository.changedFiles(since: "HEAD~1").count == 4)
        let error = #expect(throws: DevloopError.self) { try repository.changedFiles(since: "no-such") }
        #expect(error?.message == "there is no revision 'no-such'")
    }

    struct IgnoreCase: Sendable, CustomTestStringConvertible {
        var path: String
        var isDirectory = false
        var isIgnored: Bool
        var testDescription: String { path }
    }

    static let ignoreCases = [
        IgnoreCase(path: "a.log", isIgnored: true),
        IgnoreCase(path: "deep/er/a.log", isIgnored: true),
        IgnoreCase(path: "keep.log", isIgnored: false),
        IgnoreCase(path: "out", isDirectory: true, isIgnored: true),
        IgnoreCase(path: "out", isIgnored: false),
        IgnoreCase(path: "out/inner/file.txt", isIgnored: true),
        IgnoreCase(path: "sub/only-here.txt", isIgnored: true),
        IgnoreCase(path: "only-here.txt", isIgnored: false),
        IgnoreCase(path: "rooted", isDirectory: true, isIgnored: true),
        IgnoreCase(path: "sub/rooted", isDirectory: true, isIgnored: false),
        IgnoreCase(path: "excluded.txt", isIgnored: true),
        IgnoreCase(path: "plain.txt", isIgnored: false),
    ]

    @Test func followsTheIgnoreRules() async throws {
        let folder = try await Self.repository()
        let repository = try #require(try GitRepository.discover(from: folder.path))
        try folder.write(".gitignore", "# comment\n*.log\n!keep.log\nout/\n/rooted/\n")
        try folder.write("sub/.gitignore", "only-here.txt\n")
        try folder.write(".git/info/exclude", "excluded.txt\n")
        for this in Self.ignoreCases {
            let path = folder(this.path)
            #expect(repository.isIgnored(path, isDirectory: this.isDirectory) == this.isIgnored, "\(this.path)")
        }
        #expect(!repository.isIgnored("/elsewhere/a.log", isDirectory: false))
    }

    @Test func rulesAreReadAgainAndTrackedFilesAreNeverIgnored() async throws {
        let folder = try await Self.repository()
        let repository = try #require(try GitRepository.discover(from: folder.path))
        #expect(!repository.isIgnored(folder("other.txt"), isDirectory: false))
        try folder.write(".gitignore", "*.txt\n")
        #expect(repository.isIgnored(folder("other.txt"), isDirectory: false))
        #expect(!repository.isIgnored(folder("tracked.txt"), isDirectory: false))
    }

    @Test func patternsNeedNoRepository() throws {
        let folder = try TemporaryDirectory()
        let patterns = try IgnorePatterns("*.log\n!keep.log\nout/\n/rooted\ndocs/**/*.pdf\n", base: folder.path)
        let cases: [(String, Bool, Bool)] = [
            ("a.log", false, true), ("x/a.log", false, true), ("keep.log", false, false), ("out", true, true),
            ("out", false, false), ("out/a/b.txt", false, true), ("rooted", false, true), ("x/rooted", false, false),
            ("docs/a/b/c.pdf", false, true), ("c.pdf", false, false), ("plain", false, false),
        ]
        for (path, isDirectory, isIgnored) in cases {
            #expect(patterns.isIgnored(folder(path), isDirectory: isDirectory) == isIgnored, "\(path)")
        }
        #expect(!patterns.isIgnored("/elsewhere/a.log", isDirectory: false))
    }

    @Test func seesWhatGitIsDoing() async throws {
        let folder = try await Self.repository()
        let repository = try #require(try GitRepository.discover(from: folder.path))
        #expect(repository.activity().isIdle)
        for name in ["index.lock", "HEAD.lock"] {
            try folder.write(".git/\(name)", "")
            let lock = try #require(repository.activity().lock)
            #expect(lock.path == folder(".git/\(name)"))
            // Another lock of the same name is another one.
            try await ProcessRunner.run(ProcessCommand(["touch", "-d", "1 hour ago", lock.path])).expectSuccess()
            let old = try #require(repository.activity().lock)
            #expect(old != lock)
            #expect(abs(lock.written - old.written - 3_600_000_000_000) < 60_000_000_000)
            TestFiles.remove(lock.path)
        }
        for name in ["rebase-merge", "rebase-apply", "sequencer"] {
            try folder.write(".git/\(name)/x", "")
            try await ProcessRunner.run(ProcessCommand(["touch", "-d", "@1700000000", folder(".git/HEAD")]))
                .expectSuccess()
            try await ProcessRunner.run(ProcessCommand(["touch", "-d", "@1700000005", folder(".git/index")]))
                .expectSuccess()
            #expect(repository.activity().lastStep == 1_700_000_005_000_000_000)
            TestFiles.remove(folder(".git/\(name)"))
            #expect(repository.activity().isIdle)
        }
    }

    @Test func freesItsHandles() async throws {
        let folder = try await Self.repository()
        func use(_ count: Int) throws {
            for _ in 0..<count {
                let repository = try GitRepository.discover(from: folder.path)
                _ = repository?.isIgnored(folder("folder/a.txt"), isDirectory: false)
                _ = try repository?.head()
                _ = try IgnorePatterns("*.log", base: "/").isIgnored("/a.log", isDirectory: false)
            }
        }
        try use(500)
        let before = LiveProcesses.residentBytes()
        try use(10_000)
        #expect(LiveProcesses.residentBytes() - before < 4 * 1024 * 1024)
    }
}

extension ProcessResult {
    func expectSuccess() { #expect(status.isSuccess, "\(errorText)") }
}
