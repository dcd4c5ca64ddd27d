// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Glibc
import Hashing
import PodSync
import SyncProtocol
import Testing

/// The first change of a large file that came with the image: the container's record does not have it.
@Suite("differences to the image's copy, with the real agent", .serialized, .timeLimit(.minutes(3)))
struct ImageCopyTests {
    /// A file here and its copy in the container, as an image has brought it.
    private struct Fixture {
        let agent: AgentHarness
        let readings = SourceReadings()
        let session: PodSyncSession
        let source: String
        var file: SyncFile

        init(megabytes: Int) async throws {
            agent = try AgentHarness()
            source = agent.root + "/source"
            file = try ResumeTests.large(source, megabytes: megabytes, to: agent.image + "/data")
            _ = try ResumeTests.large(agent.image + "/data", megabytes: megabytes, to: "/")
            session = try await ManyContainersTests.connect(agent, readings)
            await readings.noteImageCopies(of: [source])
        }

        /// Changes 16 bytes of the file here.
        mutating func edit(at offset: Int, _ text: String = "sixteen bytes...") async throws {
            let descriptor = open(source, O_WRONLY | O_CLOEXEC)
            #expect(pwrite(descriptor, text, text.utf8.count, offset) == text.utf8.count)
            close(descriptor)
            file.digest = try await readings.digest(ofFile: source)
            file.imageCopy = await readings.imageCopy(of: source)
        }

        func isThere() throws -> Bool { try SHA256.digest(ofFile: file.destination) == file.digest }
    }

    @Test("16 bytes of 6 MB are a few blocks, also the first time")
    func first() async throws {
        var fixture = try await Fixture(megabytes: 6)
        defer { fixture.agent.remove() }
        try await fixture.edit(at: 3_000_000)
        let result = try await fixture.session.apply(ChangeSet(files: [fixture.file]))
        #expect(result.outcome == .committed)
        #expect(result.filesPatched == 1)
        #expect(result.resends == 0)
        #expect(result.bytesSent < 6_000)
        #expect(try fixture.isThere())
        // From now on it is in the record.
        try await fixture.edit(at: 5_000_000)
        let second = try await fixture.session.apply(ChangeSet(files: [fixture.file]))
        #expect(second.filesPatched == 1)
        #expect(second.bytesSent < 6_000)
        #expect(try fixture.isThere())
        await fixture.session.close()
    }

    @Test(
        "a guess that is wrong is found by the digest of the outcome, and the file sent whole",
        arguments: [true, false])
    func wrong(_ isThere: Bool) async throws {
        var fixture = try await Fixture(megabytes: 2)
        defer { fixture.agent.remove() }
        if isThere {
            // Another image, or a step of its build that has written to the file.
            let descriptor = open(fixture.file.destination, O_WRONLY | O_CLOEXEC)
            #expect(pwrite(descriptor, "another", 7, 1_500_000) == 7)
            close(descriptor)
        } else {
            unlink(fixture.file.destination)
        }
        try await fixture.edit(at: 1_000)
        let result = try await fixture.session.apply(ChangeSet(files: [fixture.file]))
        #expect(result.outcome == .committed)
        #expect(result.resends == 1)
        #expect(result.filesPatched == 0)
        #expect(try fixture.isThere())
        #expect(fixture.agent.leftovers() == [])
        await fixture.session.close()
    }

    @Test("a link in the place of the copy is not followed")
    func link() async throws {
        var fixture = try await Fixture(megabytes: 2)
        defer { fixture.agent.remove() }
        let elsewhere = fixture.agent.root + "/elsewhere"
        #expect(rename(fixture.file.destination, elsewhere) == 0)
        #expect(symlink(elsewhere, fixture.file.destination) == 0)
        let before = try SHA256.digest(ofFile: elsewhere)
        try await fixture.edit(at: 1_000)
        let result = try await fixture.session.apply(ChangeSet(files: [fixture.file]))
        #expect(result.resends == 1)
        #expect(try fixture.isThere())
        #expect(try SHA256.digest(ofFile: elsewhere) == before)
        await fixture.session.close()
    }

    @Test("small files, and what is no file, are not read in advance")
    func large() async throws {
        let folder = try TemporaryDirectory("copies")
        try writeFile(folder("small"), noise(1 << 20 - 1, seed: 1))
        try writeFile(folder("large"), noise(1 << 20, seed: 2))
        mkdir(folder("folder"), 0o755)
        let readings = SourceReadings()
        let paths = ["small", "large", "folder", "nothing"].map { folder($0) }
        await readings.noteImageCopies(of: paths)
        #expect(await readings.bytesRead == 1 << 20)
        #expect(await readings.imageCopy(of: folder("large")) == SHA256.digest(of: noise(1 << 20, seed: 2)))
        #expect(await readings.imageCopy(of: folder("small")) == nil)
        // A file that has become small is not believed to be what it was.
        try writeFile(folder("large"), [1])
        await readings.noteImageCopies(of: paths)
        #expect(await readings.imageCopy(of: folder("large")) == nil)
    }
}
