// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ImagePack
import Plan
import ProcessRunner
import Testing

@testable import ContainerEngine

/// What of a directory is a build context.
struct ContextTests {
    static let files = ["Dockerfile": "FROM scratch\n", "a.txt": "a", "d/b.txt": "b", "d/e/c.log": "c", "x.log": "x"]

    struct Case: Sendable {
        var ignored: [String] = []
        var only: [String] = []
        var want: [String]
    }

    static let cases = [
        Case(want: ["Dockerfile", "a.txt", "d", "d/b.txt", "d/e", "d/e/c.log", "x.log"]),
        Case(ignored: ["d"], want: ["Dockerfile", "a.txt", "x.log"]),
        Case(ignored: ["*.log"], want: ["Dockerfile", "a.txt", "d", "d/b.txt", "d/e", "d/e/c.log"]),
        Case(ignored: ["**/*.log"], want: ["Dockerfile", "a.txt", "d", "d/b.txt", "d/e"]),
        // What is taken back brings the directories above it along.
        Case(ignored: ["*", "!d/e/c.log"], want: ["d", "d/e", "d/e/c.log"]),
        Case(ignored: ["*", "!d", "d/e"], want: ["d", "d/b.txt"]),
        Case(ignored: ["!a.txt", "*"], want: []),
        Case(only: ["d/e"], want: ["d", "d/e", "d/e/c.log"]),
        Case(ignored: ["**/*.log"], only: ["d", "a.txt"], want: ["a.txt", "d", "d/b.txt", "d/e"]),
        Case(only: ["missing"], want: []),
    ]

    private func context(_ fixture: BuildFixture, _ test: Case) throws -> BuildContext {
        try BuildContext(
            try fixture.request { build in
                build.only = test.only.map { fixture.folder($0) }
                build.ignored.add(test.ignored, relativeTo: fixture.folder.path)
            })
    }

    @Test(arguments: cases) func filesAreLeftOutAndTakenBack(_ test: Case) throws {
        let context = try context(try BuildFixture(Self.files), test)
        #expect(context.entries.map(\.path) == test.want)
    }

    @Test func linksModesAndOtherThingsAreAsDockerSendsThem() async throws {
        let fixture = try BuildFixture(Self.files)
        let folder = fixture.folder
        try folder.write("run.sh", "#!", mode: 0o755)
        chmod(folder("run.sh"), 0o4750)
        symlink("/etc/hostname", folder("outside"))
        symlink("nowhere", folder("dangling"))
        symlink("d", folder("link-to-directory"))
        mkfifo(folder("pipe"), 0o600)
        let context = try context(fixture, Case(want: []))
        let tar = try context.tar(
            dockerfile: BuildDockerfile(path: folder("Dockerfile"), text: "FROM scratch\n", isOriginal: true))
        #expect(tar.dockerfile == "Dockerfile")
        let result = try await ProcessRunner.run(
            ProcessCommand(
                ["tar", "-tvf", "-", "--numeric-owner"], environment: .inherit(adding: ["TZ": "UTC", "LC_ALL": "C"]),
                stdin: .stream(tar.source.stream)))
        let lines = result.outputText.split(separator: "\n").map {
            $0.split(separator: " ", omittingEmptySubsequences: true)
        }
        let rows = Dictionary(lines.map { ($0[5...].joined(separator: " "), $0[0...3].joined(separator: " ")) }) { $1 }
        #expect(rows["run.sh"] == "-rwsr-x--- 0/0 2 1970-01-01")
        #expect(rows["outside -> /etc/hostname"] == "lrwxrwxrwx 0/0 0 1970-01-01")
        #expect(rows["dangling -> nowhere"] != nil)
        #expect(rows["link-to-directory -> d"] != nil)
        #expect(rows["d/"] != nil)
        #expect(!rows.keys.contains { $0.contains("pipe") || $0.hasPrefix(".") })
    }

    @Test func equalFilesMakeEqualBytesAndTouchedOnesAnotherFingerprint() throws {
        let one = try BuildFixture(Self.files)
        let two = try BuildFixture(Self.files)
        let first = try context(one, Case(want: []))
        let second = try context(two, Case(want: []))
        #expect(try first.digest() == second.digest())
        #expect(first.fingerprint == (try context(one, Case(want: []))).fingerprint)
        var times = [timespec(tv_sec: 1_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000, tv_nsec: 0)]
        utimensat(AT_FDCWD, one.folder("a.txt"), &times, 0)
        let touched = try context(one, Case(want: []))
        #expect(touched.fingerprint != first.fingerprint)
        #expect(try touched.digest() == first.digest())
        try one.folder.write("a.txt", "other")
        #expect(try context(one, Case(want: [])).digest() != first.digest())
    }

    @Test func aDockerfileThatIsNotToBeCopiedIsTakenAwayByTheEngine() throws {
        let fixture = try BuildFixture(Self.files)
        let folder = fixture.folder
        let dockerfile = BuildDockerfile(path: folder("Dockerfile"), text: "FROM scratch\n", isOriginal: true)
        func index(_ ignored: [String], _ dockerfile: BuildDockerfile) throws -> (TarIndex, String) {
            let tar = try context(fixture, Case(ignored: ignored, want: [])).tar(dockerfile: dockerfile)
            let path = folder("context.out")
            SmallFile.replace(path, with: try tar.source.bytes())
            defer { TestFiles.remove(path) }
            return (try TarIndex(path), tar.dockerfile)
        }
        // In its place, and nothing else beside it.
        let (plain, name) = try index([], dockerfile)
        #expect(name == "Dockerfile")
        #expect(plain.entries[".dockerignore"] == nil)
        // Ignored: under another name, with an ignore file that names both.
        let (hidden, other) = try index(["Dockerfile"], dockerfile)
        #expect(hidden.entries["Dockerfile"] == nil)
        #expect(hidden.entries[other] != nil)
        #expect(hidden.entries[".dockerignore"] != nil)
        // Changed by devloop: both are there.
        var changed = dockerfile
        changed.isOriginal = false
        let (both, third) = try index([], changed)
        #expect(both.entries["Dockerfile"] != nil)
        #expect(both.entries[third] != nil)
    }

    @Test func whatCannotBeReadIsNamed() throws {
        let fixture = try BuildFixture(Self.files)
        let missing = #expect(throws: DevloopError.self) {
            try BuildContext(try fixture.request { $0.context = fixture.folder("missing") })
        }
        #expect(missing?.message.contains("No such file") == true)
        let file = #expect(throws: DevloopError.self) {
            try BuildContext(try fixture.request { $0.context = fixture.folder("a.txt") })
        }
        #expect(file?.message.contains("is no directory") == true)
        #expect(missing?.code == .image)
    }
}
