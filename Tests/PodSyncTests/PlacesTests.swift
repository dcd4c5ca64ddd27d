// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import PodSync
import SyncProtocol
import Testing

/// Places that need root: mounts and a root file system of their own.
@Suite("places with the real agent", .enabled(if: getuid() == 0, "mounts need root"), .timeLimit(.minutes(1)))
struct PlacesTests {
    @Test("S21 a full file system refuses the set, keeps the old one, and leaves nothing behind")
    func full() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let place = agent.image + "/small"
        mkdir(place, 0o755)
        try #require(mount("tmpfs", place, "tmpfs", 0, "size=256k") == 0)
        defer { umount2(place, Int32(MNT_DETACH)) }
        let session = try await agent.connect()
        let page = SyncFile(destination: place + "/page", bytes: [1])
        _ = try await session.apply(ChangeSet(files: [page]))
        let error = await #expect(throws: DevloopError.self) {
            let files = [
                SyncFile(destination: place + "/page", bytes: [2]),
                SyncFile(destination: place + "/large", bytes: noise(1 << 20, seed: 1)),
            ]
            _ = try await session.apply(ChangeSet(files: files))
        }
        #expect(error?.code == .syncImpossible)
        #expect(error?.message.contains("No space left") == true)
        #expect(readFile(place + "/page") == [1])
        #expect(TestFiles.names(place) == ["page"])
        await session.close()
    }

    @Test("S21 a read-only file system is named, and the set does nothing")
    func readOnly() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let place = agent.image + "/locked"
        mkdir(place, 0o755)
        try #require(mount("tmpfs", place, "tmpfs", UInt(MS_RDONLY), nil) == 0)
        defer { umount2(place, Int32(MNT_DETACH)) }
        let session = try await agent.connect()
        let error = await #expect(throws: DevloopError.self) {
            let files = [
                SyncFile(destination: agent.image + "/free", bytes: [1]),
                SyncFile(destination: place + "/page", bytes: [1]),
            ]
            _ = try await session.apply(ChangeSet(files: files))
        }
        #expect(error?.code == .syncImpossible)
        #expect(error?.message.contains("Read-only file system") == true)
        #expect(error?.hint?.contains(agent.appFolder) == true)
        #expect(readFile(agent.image + "/free") == nil)
        await session.close()
    }

    @Test("any user, and a root file system that is read-only: what goes to the app folder works, the rest is told")
    func otherUser() async throws {
        var template = Array("/tmp/devloop-image-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try #require(mount("tmpfs", root, "tmpfs", 0, "mode=755") == 0)
        for folder in ["/devloop", "/devloop/app", "/proc", "/Public"] { mkdir(root + folder, 0o755) }
        let mounts = [root + "/proc", root + "/devloop/app", root]
        defer {
            for place in mounts { umount2(place, Int32(MNT_DETACH)) }
            rmdir(root)
        }
        try #require(mount("proc", root + "/proc", "proc", 0, nil) == 0)
        try #require(mount("tmpfs", root + "/devloop/app", "tmpfs", 0, "mode=1777") == 0)
        try writeFile(root + "/devloop/agent", try #require(readFile(AgentHarness.agent)), mode: 0o755)
        try writeFile(root + "/sleep", AgentHarness.busybox, mode: 0o755)
        // A child that another test is just starting may hold the files that were written.
        let flags = UInt(MS_REMOUNT) | UInt(MS_RDONLY)
        try #require(await eventually { mount("tmpfs", root, "tmpfs", flags, "mode=755") == 0 })
        let chroot = ["/usr/sbin/chroot", "--userspec=65532:65532", root, "/devloop/agent"]
        let agent = try TestProcess(chroot + ["run", "--", "/sleep", "1000"])
        defer { agent.end() }
        #expect(await eventually { access(root + "/devloop/app/.devloop/socket", F_OK) == 0 })
        let session = PodSyncSession(
            channel: PipeChannel(try TestProcess(chroot + ["attach"])),
            options: .init(hostVersion: "test", owner: "test"))
        #expect(try await session.hello().uid == 65_532)
        let file = SyncFile(
            destination: "/devloop/app/sleep", bytes: AgentHarness.busybox + [1], mode: 0o755, isEntry: true)
        #expect(try await session.apply(ChangeSet(files: [file])).executable == file.digest)
        let error = await #expect(throws: DevloopError.self) {
            let page = SyncFile(destination: "/Public/page.html", bytes: [1])
            _ = try await session.apply(ChangeSet(files: [page]))
        }
        #expect(error?.code == .syncImpossible)
        #expect(error?.hint?.contains("/devloop/app") == true)
        await session.close()
    }

    @Test("S05 an image with nothing in it but the app")
    func emptyImage() async throws {
        var template = Array("/tmp/devloop-image-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for folder in ["/devloop", "/devloop/app", "/proc"] { mkdir(root + folder, 0o755) }
        try #require(mount("proc", root + "/proc", "proc", 0, nil) == 0)
        defer {
            umount2(root + "/proc", Int32(MNT_DETACH))
            removeTree(root)
        }
        let install = try TestProcess([AgentHarness.agent, "install", root + "/devloop/agent"])
        #expect(await eventually { install.exitCode() == 0 })
        try writeFile(root + "/sleep", AgentHarness.busybox, mode: 0o755)
        let chroot = "/usr/sbin/chroot"
        let agent = try TestProcess(
            [chroot, root, "/devloop/agent", "run", "--", "/sleep", "1000"], log: root + "/log")
        defer { agent.end() }
        #expect(await eventually { access(root + "/devloop/app/.devloop/socket", F_OK) == 0 })
        let channel = PipeChannel(try TestProcess([chroot, root, "/devloop/agent", "attach"]))
        let session = PodSyncSession(channel: channel, options: .init(hostVersion: "test", owner: "test"))
        let info = try await session.hello()
        #expect(info.appFolder == "/devloop/app")
        let file = SyncFile(
            destination: "/devloop/app/sleep", bytes: AgentHarness.busybox + [1], mode: 0o755, isEntry: true)
        let page = SyncFile(destination: "/Public/page.html", bytes: Array("hello".utf8))
        let result = try await session.apply(ChangeSet(files: [file, page]))
        #expect(result.executable == file.digest)
        #expect(text(root + "/Public/page.html") == "hello")
        await session.close()
    }
}
