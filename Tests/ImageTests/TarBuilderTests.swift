// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ImagePack
import ProcessRunner
import Testing

/// What we write is read by the system's own `tar`, which checks each header's sum.
@Suite(.timeLimit(.minutes(1)))
struct TarBuilderTests {
    /// Lengths around the limits of a ustar header: 100 bytes of name, 155 of prefix, then an extended header.
    static let paths: [String] = [
        "a", "app/program", String(repeating: "n", count: 99), String(repeating: "n", count: 100),
        // Too long for the name field, and no slash to split at.
        String(repeating: "n", count: 101), String(repeating: "n", count: 250),
        "p/" + String(repeating: "n", count: 100),
        String(repeating: "p", count: 154) + "/" + String(repeating: "n", count: 100),
        String(repeating: "p", count: 155) + "/" + String(repeating: "n", count: 100),
        String(repeating: "p", count: 156) + "/" + String(repeating: "n", count: 99),
        "p/" + String(repeating: "n", count: 101),
        (0..<30).map { "folder-\($0)" }.joined(separator: "/"),
        "umlaut-ä/日本語.txt", "with space/and 'quote'",
    ]

    @Test(arguments: paths) func tarReadsTheName(_ path: String) async throws {
        var tar = TarBuilder()
        try tar.add(bytes: Array("content of it".utf8), at: path)
        tar.finish()
        let folder = try TemporaryDirectory("tar")
        try await pipe(tar.source, into: ["tar", "-xf", "-", "-C", folder.path])
        #expect(try TestFiles.read(folder(path)) == "content of it")
    }

    @Test func listsOwnersModesTimesAndLinks() async throws {
        let folder = try TemporaryDirectory("tar")
        let file = try folder.write("source", String(repeating: "x", count: 1000))
        var tar = TarBuilder()
        try tar.add(directory: "tmp", mode: 0o1777)
        try tar.add(directory: "app/")
        try tar.add(bytes: [1, 2, 3], at: "app/data")
        try tar.add(bytes: [], at: "app/empty", mode: 0o600)
        try tar.add(file: file, size: 1000, at: "app/program", mode: 0o755)
        try tar.add(link: "app/link", to: "program")
        tar.finish()
        let listing = try await pipe(tar.source, into: ["tar", "--numeric-owner", "-tvf", "-"])
        let rows = listing.split(separator: "\n").map { line in
            line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
        #expect(
            rows == [
                "drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/", "drwxr-xr-x 0/0 0 1970-01-01 00:00 app/",
                "-rw-r--r-- 0/0 3 1970-01-01 00:00 app/data", "-rw------- 0/0 0 1970-01-01 00:00 app/empty",
                "-rwxr-xr-x 0/0 1000 1970-01-01 00:00 app/program",
                "lrwxrwxrwx 0/0 0 1970-01-01 00:00 app/link -> program",
            ])
    }

    @Test(arguments: [1, 99, 100, 101, 180]) func tarReadsTheTargetOfALink(_ length: Int) async throws {
        let target = String(repeating: "t", count: length)
        var tar = TarBuilder()
        try tar.add(link: "link", to: target)
        tar.finish()
        let listing = try await pipe(tar.source, into: ["tar", "-tvf", "-"])
        #expect(listing.hasSuffix("link -> \(target)\n"))
    }

    @Test(arguments: [0, 1, 511, 512, 513, 1024, 70_000]) func sizesArePaddedToBlocks(_ size: Int) throws {
        var tar = TarBuilder()
        try tar.add(bytes: [UInt8](repeating: 7, count: size), at: "x")
        tar.finish()
        #expect(tar.source.size == 512 + (size + 511) / 512 * 512 + 1024)
        #expect(try tar.source.bytes().count == tar.source.size)
    }

    @Test func refusesWhatAHeaderCannotHold() throws {
        var tar = TarBuilder()
        let error = #expect(throws: DevloopError.self) {
            try tar.add(file: "/dev/null", size: 1 << 33, at: "big", mode: 0o644)
        }
        #expect(error?.code == .image)
    }

    @Test func aFileThatBecameShorterIsAnError() throws {
        let folder = try TemporaryDirectory("tar")
        let file = try folder.write("source", "12345")
        var source = ByteSource()
        source.append(file: file, size: 6)
        let error = #expect(throws: DevloopError.self) { try source.digest() }
        #expect(error?.message.contains("became shorter") == true)
        #expect(error?.hint != nil)
    }
}
