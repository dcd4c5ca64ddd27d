// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import Hashing
import SyncProtocol
import Testing

@testable import PodSync

@Suite("reading what is sent", .timeLimit(.minutes(1)))
struct SourceReadingsTests {
    private static func file(_ path: String, _ content: [UInt8], size: Int? = nil) -> SyncFile {
        SyncFile(
            destination: "/x", source: .file(path), mode: 0o644, digest: SHA256.digest(of: content),
            size: UInt64(size ?? content.count))
    }

    @Test("digests and contents of many files come in their order, and each file is read once")
    func many() async throws {
        let folder = try TemporaryDirectory("readings")
        let texts = (0..<300).map { "content of \($0)\n" } + [""]
        let paths = try texts.enumerated().map { try folder.write("file-\($0.offset)", $0.element) }
        // What was written this very moment has no digest yet that is worth keeping.
        let readings = SourceReadings()
        #expect(try await poll { try await Self.settles(paths, readings) })
        let before = await readings.bytesRead
        let contents = texts.map { Array($0.utf8) }
        let digests = try await readings.digests(ofFiles: paths.reversed())
        #expect(digests == contents.reversed().map { SHA256.digest(of: $0) })
        let files = zip(paths, contents).map { Self.file($0, $1) }
        #expect(try await readings.contents(of: files) == contents)
        #expect(await readings.bytesRead == before)
    }

    /// Whether a second question needs no file.
    private static func settles(_ paths: [String], _ readings: SourceReadings) async throws -> Bool {
        _ = try await readings.digests(ofFiles: paths)
        let read = await readings.bytesRead
        _ = try await readings.digests(ofFiles: paths)
        return await readings.bytesRead == read
    }

    @Test("a file that is made anew, or written to, is read again though its path is known", arguments: [false, true])
    func changed(isReplaced: Bool) async throws {
        let folder = try TemporaryDirectory("readings")
        let path = try folder.write("file", "one")
        let readings = SourceReadings()
        #expect(try await poll { try await Self.settles([path], readings) })
        if isReplaced { unlink(path) }
        try folder.write("file", "two")
        #expect(try await readings.digest(ofFile: path) == SHA256.digest(of: Array("two".utf8)))
        unlink(path)
        await #expect(throws: DevloopError.self) { try await readings.digest(ofFile: path) }
    }

    @Test(
        "content that is not what was meant is an error, whether its size or its digest was taken too early",
        arguments: [("long", 4, "short"), ("other", 5, "wrong"), ("", 0, "short"), ("short", 9, "short")])
    func torn(meant: String, size: Int, there: String) async throws {
        let folder = try TemporaryDirectory("readings")
        let path = try folder.write("file", there)
        let readings = SourceReadings()
        _ = try await readings.digest(ofFile: path)
        let file = Self.file(path, Array(meant.utf8), size: size)
        let error = await #expect(throws: DevloopError.self) { try await readings.contents(of: [file]) }
        #expect(error?.code == .syncSourceChanged)
    }
}
