// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import Hashing
import ImagePack
import Testing

/// The same content has the same digest, on any machine and at any time.
@Suite(.timeLimit(.minutes(1)))
struct LayerTests {
    @Test func timesOwnersAndOrderDoNotCount() throws {
        let first = try TemporaryDirectory("layer")
        let second = try TemporaryDirectory("layer")
        for folder in [first, second] {
            try folder.write("tree/b/two", "2")
            try folder.write("tree/a", "1", mode: 0o755)
        }
        var times = [timeval(tv_sec: 1_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000, tv_usec: 0)]
        #expect(utimes(second("tree/a"), &times) == 0)
        let cache = LayerDigestCache(path: nil)
        let one = try LayerFile.tree(first("tree"), at: "app")
        let two = try LayerFile.tree(second("tree"), at: "app")
        let digests = try [one, two, Array(one.reversed())].map {
            try Layer(name: "x", files: $0, cache: cache).digest
        }
        #expect(Set(digests).count == 1)
        // The name is for people only.
        #expect(try Layer(name: "other", files: one, cache: cache).digest == digests[0])
    }

    /// What a layer is made of, and whether that is another layer than the first.
    static let differences: [([LayerFile], Bool)] = [
        ([LayerFile(path: "app/x", content: .bytes([1]), mode: 0o644)], false),
        ([LayerFile(path: "/app/x", content: .bytes([1]), mode: 0o644)], false),
        ([LayerFile(path: "app/x", content: .bytes([2]), mode: 0o644)], true),
        ([LayerFile(path: "app/x", content: .bytes([1]), mode: 0o755)], true),
        ([LayerFile(path: "app/y", content: .bytes([1]), mode: 0o644)], true),
        ([LayerFile(path: "app/x", content: .link("y"), mode: 0o777)], true),
    ]

    @Test(arguments: differences.indices) func contentNameAndModeCount(_ index: Int) throws {
        let (files, differs) = Self.differences[index]
        let cache = LayerDigestCache(path: nil)
        let first = try Layer(name: "x", files: Self.differences[0].0, cache: cache)
        #expect((try Layer(name: "x", files: files, cache: cache).digest != first.digest) == differs)
    }

    @Test func theDigestIsThatOfTheBytes() throws {
        let layer = try Layer(
            name: "x", files: [LayerFile(path: "a/b", content: .bytes([1, 2]), mode: 0o644)],
            cache: LayerDigestCache(path: nil))
        #expect(SHA256.digest(of: try layer.content.bytes()) == layer.digest)
        #expect(layer.size == (try layer.content.bytes().count))
    }

    @Test func aFileWrittenAnewIsHashedAnew() throws {
        let folder = try TemporaryDirectory("layer")
        let path = try folder.write("file", "aaaa")
        let cache = LayerDigestCache(path: folder("layers.json"))
        func layer() throws -> Layer {
            try Layer(name: "x", files: [try .file(path, at: "file")], cache: cache)
        }
        let before = try layer()
        #expect(try layer().digest == before.digest)
        // The same size in the same inode; only its time tells.
        try folder.write("file", "bbbb")
        let after = try layer()
        #expect(after.digest != before.digest)
        #expect(SHA256.digest(of: try after.content.bytes()) == after.digest)
    }

    @Test func digestsAreKeptOverSessions() throws {
        let folder = try TemporaryDirectory("layer")
        let path = folder("layers.json")
        let digest = SHA256.digest(of: [1])
        LayerDigestCache(path: path)["print"] = digest
        #expect(LayerDigestCache(path: path)["print"] == digest)
        #expect(LayerDigestCache(path: path)["other"] == nil)
        try TestFiles.write(path, "{ this is no JSON")
        #expect(LayerDigestCache(path: path)["print"] == nil)
    }

    @Test func whatCannotBePackedIsNamed() throws {
        let folder = try TemporaryDirectory("layer")
        for path in [folder("missing"), folder.path] {
            let error = #expect(throws: DevloopError.self) { try LayerFile.file(path, at: "x") }
            #expect(error?.code == .image)
            #expect(error?.message.contains(path) == true)
        }
    }
}
