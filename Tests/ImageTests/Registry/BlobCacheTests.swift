// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import Gzip
import Hashing
import ImagePack
import Registry
import Testing

/// Blobs on this machine: whole, checked and bounded.
@Suite(.timeLimit(.minutes(1)))
struct BlobCacheTests {
    private static func age(_ path: String, hours: Int) {
        var times = [
            timeval(tv_sec: time(nil) - 3600 * hours, tv_usec: 0),
            timeval(tv_sec: time(nil) - 3600 * hours, tv_usec: 0),
        ]
        utimes(path, &times)
    }

    @Test func whatIsDamagedIsNotFound() throws {
        let folder = try TemporaryDirectory("cache")
        let bytes = Array("some blob".utf8)
        let digest = SHA256.digest(of: bytes)
        try BlobCache(folder: folder.path).add(bytes)
        #expect(try BlobCache(folder: folder.path).find(digest, size: bytes.count)?.bytes() == bytes)
        #expect(try BlobCache(folder: folder.path).find(digest, size: 3) == nil)
        // Of the same size, in a later session.
        try folder.write(digest.hex, "sOme blob")
        #expect(try BlobCache(folder: folder.path).find(digest, size: bytes.count) == nil)
        #expect(!TestFiles.exists(folder(digest.hex)))
    }

    @Test func theOldestGoFirstAndTheNewStay() throws {
        let folder = try TemporaryDirectory("cache")
        let cache = try BlobCache(folder: folder.path, limit: 2500)
        let blobs = (0..<3).map { [UInt8](repeating: $0, count: 1000) }
        let paths = blobs.map { cache.path(SHA256.digest(of: $0)) }
        for blob in blobs { try cache.add(blob) }
        // All were used within the hour, so that a session may be reading them.
        #expect(paths.allSatisfy(TestFiles.exists))
        Self.age(paths[0], hours: 5)
        Self.age(paths[1], hours: 9)
        try folder.write("abandoned.part", "x")
        Self.age(folder("abandoned.part"), hours: 30)
        try cache.add([1])
        #expect(paths.map(TestFiles.exists) == [true, false, true])
        #expect(!TestFiles.exists(folder("abandoned.part")))
        // Being found is being used.
        _ = cache.find(SHA256.digest(of: blobs[0]))
        try cache.add([UInt8](repeating: 9, count: 1000))
        #expect(TestFiles.exists(paths[0]))
    }

    @Test func aFullDiskIsToldAndLeavesNothing() async throws {
        let folder = try TemporaryDirectory("cache")
        let mount = folder("small")
        try TestFiles.makeDirectory(mount)
        let mounted = TestProgram.run(["mount", "-t", "tmpfs", "-o", "size=1m", "devloop-test", mount])
        try #require(mounted.status == 0, "\(mounted.output)")
        defer { _ = TestProgram.run(["umount", mount]) }
        let cache = try BlobCache(folder: mount)
        let bytes = [UInt8](repeating: 7, count: 2 << 20)
        let error = #expect(throws: DevloopError.self) { try cache.add(bytes) }
        #expect(error?.code == .image)
        #expect(error?.message.contains("No space left") == true)
        #expect(error?.hint?.contains("XDG_CACHE_HOME") == true)
        #expect(TestProgram.run(["find", mount, "-type", "f"]).output.isEmpty)
        // There is room for smaller ones.
        try cache.add([1, 2, 3])

        var content = ByteSource()
        content.append(file: "/dev/urandom", size: 4 << 20)
        let digest = SHA256.digest(of: [])
        let layer = Layer(name: "x", digest: digest, mediaType: MediaType.layer, diffID: digest, content: content)
        let packing = await #expect(throws: DevloopError.self) {
            try await LayerCompressor(cache: cache).compress(layer)
        }
        #expect(packing?.message.contains("No space left") == true)
    }

    @Test func layersAreCompressedOnce() async throws {
        let folder = try TemporaryDirectory("cache")
        let text = String(repeating: "all work and no play ", count: 200_000)
        let file = try folder.write("text", text)
        let layer = try Layer(
            name: "x", files: [try .file(file, at: "app/text")], cache: LayerDigestCache(path: nil))
        let packed = try await LayerCompressor(cache: try BlobCache(folder: folder("blobs"))).compress(layer)
        #expect(packed.mediaType == MediaType.gzipLayer)
        #expect(packed.size < layer.size / 50)
        #expect(packed.diffID == layer.digest)
        #expect(try packed.content.digest() == packed.digest)
        // zlib's stream is read by the system's own gzip, and by ours.
        let plain = TestProgram.run(["sh", "-c", "gzip -dc < \(folder("blobs"))/\(packed.digest.hex) | sha256sum"])
            .output
        #expect(plain.hasPrefix(layer.digest.hex))
        let inflater = GzipInflater()
        #expect(SHA256.digest(of: try inflater.take(try packed.content.bytes())) == layer.digest)
        // Another session finds it: the files could be gone.
        TestFiles.remove(file)
        let again = try await LayerCompressor(cache: try BlobCache(folder: folder("blobs"))).compress(layer)
        #expect(again.digest == packed.digest)
        #expect(
            try await LayerCompressor(cache: try BlobCache(folder: folder("blobs"))).compress(packed).digest
                == packed.digest)
    }

    @Test func filesThatChangeWhileTheyArePackedAreNoticed() async throws {
        let folder = try TemporaryDirectory("cache")
        let file = try folder.write("text", "aaaa")
        let layer = try Layer(
            name: "x", files: [try .file(file, at: "app/text")], cache: LayerDigestCache(path: nil))
        try folder.write("text", "bbbb")
        let cache = try BlobCache(folder: folder("blobs"))
        let error = await #expect(throws: DevloopError.self) { try await LayerCompressor(cache: cache).compress(layer) }
        #expect(error?.message.contains("changed") == true)
    }

    @Test func severalMembersAreOneStream() throws {
        let (first, second) = (GzipCompressor(level: 1), GzipCompressor(level: 9))
        let packed =
            first.take(Array("one ".utf8)) + first.finish() + second.take(Array("two".utf8)) + second.finish()
        for size in [1, 3, packed.count] {
            let inflater = GzipInflater()
            var plain: [UInt8] = []
            for start in stride(from: 0, to: packed.count, by: size) {
                plain += try inflater.take(Array(packed[start..<min(start + size, packed.count)]))
            }
            #expect(String(decoding: plain, as: UTF8.self) == "one two")
        }
        #expect(throws: GzipInflater.Fault.self) { try GzipInflater().take(Array("no gzip at all".utf8)) }
    }
}
