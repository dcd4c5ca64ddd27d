// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Glibc
import Testing

@testable import FileWatch

/// Bind mounts, in a mount namespace of their own, which is reached through `/proc`.
@Suite(.timeLimit(.minutes(2))) struct BindMountTests {
    /// Whether this user may make a mount namespace.
    static let mayMount = geteuid() == 0 && system("unshare -m true 2>/dev/null") == 0

    /// A process in a mount namespace of its own, for as long as it is kept.
    private final class Namespace {
        private let input: UnsafeMutablePointer<FILE>
        private let status: String
        let pid: Int

        /// - Parameter mounts: shell commands that run first.
        init(_ mounts: String, in folder: TemporaryDirectory) async throws {
            status = folder("namespace-\(Int.random(in: 0..<Int.max))")
            let script =
                "cd '\(folder.path)' && \(mounts) && echo $$ > '\(status).new' && mv '\(status).new' '\(status)'"
            // It ends when its standard input does.
            input = try #require(popen("exec unshare -m sh -c \"\(script) && read line\"", "we"))
            let file = status
            #expect(await poll { access(file, F_OK) == 0 })
            pid = try #require(Int(try TestFiles.read(file).filter(\.isNumber)))
        }

        deinit { pclose(input) }

        /// A path as the namespace has it.
        func callAsFunction(_ path: String) -> String { "/proc/\(pid)/root\(path)" }
    }

    @Test("files behind a bind mount are seen, whichever way they are written", .enabled(if: mayMount, "needs root"))
    func mounted() async throws {
        let folder = try TemporaryDirectory("bind")
        try folder.write("real/deep/file", "1")
        try folder.write("root/mounted/covered", "1")
        let namespace = try await Namespace("mount --bind real root/mounted", in: folder)
        let root = namespace(folder("root"))
        let recorder = Recorder(try FileWatcher(roots: [root]))
        #expect(await recorder.knowsContent())
        // From outside, where there is no mount.
        try folder.write("real/deep/file", "22")
        #expect(await recorder.sees("\(root)/mounted/deep/file", .modified))
        // Through the mount.
        try TestFiles.write("\(root)/mounted/new", "1")
        #expect(await recorder.sees("\(root)/mounted/new", .created))
        // What the mount hides is not there.
        try folder.write("root/mounted/covered", "22")
        try TestFiles.write("\(root)/last", "1")
        #expect(await recorder.sees("\(root)/last", .created))
        #expect(!recorder.changes.contains { $0.path.hasSuffix("/covered") })
    }

    @Test("a folder that is mounted twice is told under both names", .enabled(if: mayMount, "needs root"))
    func twice() async throws {
        let folder = try TemporaryDirectory("bind")
        try folder.write("root/one/deep/file", "1")
        try folder.write("root/two/covered", "1")
        let namespace = try await Namespace("mount --bind root/one root/two", in: folder)
        let root = namespace(folder("root"))
        let recorder = Recorder(try FileWatcher(roots: [root]))
        #expect(await recorder.knowsContent())
        try folder.write("root/one/deep/file", "22")
        #expect(await recorder.sees("\(root)/one/deep/file", .modified))
        #expect(await recorder.sees("\(root)/two/deep/file", .modified))
        // A new folder has both names as well.
        try folder.write("root/one/new/file", "1")
        #expect(await recorder.sees("\(root)/one/new/file", .created))
        #expect(await recorder.sees("\(root)/two/new/file", .created))
        recorder.clear()
        try folder.write("root/one/new/file", "22")
        #expect(await recorder.sees("\(root)/one/new/file", .modified))
        #expect(await recorder.sees("\(root)/two/new/file", .modified))
    }

    @Test("a mount of a folder into itself has an end", .enabled(if: mayMount, "needs root"))
    func intoItself() async throws {
        let folder = try TemporaryDirectory("bind")
        try folder.write("root/file", "1")
        try folder.write("root/inside/covered", "1")
        let namespace = try await Namespace("mount --bind root root/inside", in: folder)
        let root = namespace(folder("root"))
        let recorder = Recorder(try FileWatcher(roots: [root]))
        #expect(await recorder.knowsContent())
        try folder.write("root/file", "22")
        #expect(await recorder.sees("\(root)/file", .modified))
        #expect(await recorder.sees("\(root)/inside/file", .modified))
    }
}
