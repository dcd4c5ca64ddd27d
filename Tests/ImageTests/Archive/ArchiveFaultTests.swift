// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import ImagePack
import Testing

/// Archives that are wrong: each gives one error that names the file and what is wrong with it.
@Suite(.timeLimit(.minutes(1)))
struct ArchiveFaultTests {
    typealias Blob = ArchiveFixture.Blob

    /// A right archive whose files a case may spoil.
    struct Parts {
        var layer: Blob
        var configuration: Blob
        var manifest: Blob
        var index: JSONValue
        var leavesOut: Set<String> = []

        init() throws {
            layer = try ArchiveFixture.layer("content")
            configuration = ArchiveFixture.configuration([layer])
            manifest = ArchiveFixture.manifest(configuration, [layer])
            index = ["schemaVersion": 2, "manifests": [manifest.descriptor(MediaType.manifest)]]
        }

        mutating func set(_ manifest: Blob) {
            self.manifest = manifest
            index = ["schemaVersion": 2, "manifests": [manifest.descriptor(MediaType.manifest)]]
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var wanted: String
        var spoil: @Sendable (inout Parts) throws -> Void
    }

    static let cases: [Case] = [
        Case(testDescription: "missing layer", wanted: "lacks layer 1") { $0.leavesOut = [$0.layer.path] },
        Case(testDescription: "missing configuration", wanted: "lacks the configuration") {
            $0.leavesOut = [$0.configuration.path]
        },
        Case(testDescription: "missing manifest", wanted: "lacks a manifest") { $0.leavesOut = [$0.manifest.path] },
        Case(testDescription: "no images", wanted: "holds no image") { $0.index = ["manifests": []] },
        Case(testDescription: "no index", wanted: "index without manifests") { $0.index = ["x": 1] },
        Case(testDescription: "another algorithm", wanted: "no SHA-256 digest") {
            $0.index = ["manifests": [["digest": "sha512:00", "size": 1, "mediaType": "x"]]]
        },
        Case(testDescription: "a path as digest", wanted: "no SHA-256 digest") {
            $0.index = ["manifests": [["digest": "sha256:../../../../etc/passwd", "size": 1]]]
        },
        Case(testDescription: "wrong size", wanted: "bytes where 1 are said") { parts in
            parts.index = ["manifests": [["digest": .string(parts.manifest.digest.oci), "size": 1]]]
        },
        Case(testDescription: "unknown layer type", wanted: "unknown type 'application/x'") { parts in
            parts.set(ArchiveFixture.manifest(parts.configuration, [parts.layer], type: "application/x"))
        },
        Case(testDescription: "another layer than the configuration says", wanted: "is damaged: layer 1") { parts in
            parts.layer = try ArchiveFixture.layer("other")
            parts.set(ArchiveFixture.manifest(parts.configuration, [parts.layer]))
        },
        Case(testDescription: "layers and configuration disagree", wanted: "has 2 layers, and a configuration for 1") {
            $0.set(ArchiveFixture.manifest($0.configuration, [$0.layer, $0.layer]))
        },
        Case(testDescription: "manifest is no JSON", wanted: "a manifest that is no JSON") { $0.set(Blob([0x7B])) },
        Case(testDescription: "no platform", wanted: "without os and architecture") { parts in
            parts.configuration = Blob(["config": [:]])
            parts.set(ArchiveFixture.manifest(parts.configuration, [parts.layer]))
        },
    ]

    @Test(arguments: cases) func aWrongArchiveIsToldOf(_ test: Case) throws {
        let fixture = try ArchiveFixture()
        var parts = try Parts()
        try test.spoil(&parts)
        let blobs = [parts.layer, parts.configuration, parts.manifest].filter { !parts.leavesOut.contains($0.path) }
        let path = try fixture.oci("wrong.tar", index: parts.index, blobs: blobs)
        let error = #expect(throws: DevloopError.self) { try ImageArchiveReader.read(path) }
        #expect(error?.code == .image)
        #expect(error?.message.contains(test.wanted) == true, "\(error?.message ?? "")")
        #expect(error?.message.hasPrefix(path) == true)
        #expect(error?.hint != nil)
    }

    @Test func aSpoiledByteIsFound() throws {
        let fixture = try ArchiveFixture()
        let parts = try Parts()
        let path = try fixture.oci(
            "spoiled.tar", index: parts.index, blobs: [parts.layer, parts.configuration, parts.manifest])
        var bytes = try SmallFile.read(path)
        let text = Array("content".utf8)
        let place = try #require((0..<bytes.count - text.count).first { bytes[$0...].starts(with: text) })
        bytes[place] ^= 1
        let error = #expect(throws: DevloopError.self) {
            try ImageArchiveReader.read(try fixture.write("spoiled.tar", bytes))
        }
        #expect(error?.message.contains("is damaged: layer 1 has the digest sha256:") == true)
    }

    @Test func everyTruncationIsAnError() throws {
        let fixture = try ArchiveFixture()
        let parts = try Parts()
        let whole = try SmallFile.read(
            try fixture.oci(
                "whole.tar", index: parts.index, blobs: [parts.layer, parts.configuration, parts.manifest]))
        // The two empty records at the end say nothing.
        for length in stride(from: 0, to: whole.count - 1024, by: 256) {
            let path = try fixture.write("cut.tar", Array(whole[..<length]))
            let error = #expect(throws: DevloopError.self, "\(length) bytes") { try ImageArchiveReader.read(path) }
            #expect(error?.code == .image)
        }
    }

    @Test func garbageIsNoArchive() throws {
        let fixture = try ArchiveFixture()
        var generator = SystemRandomNumberGenerator()
        for size in [1, 511, 512, 513, 4096, 100_000] {
            let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next() as UInt64) | 1 }
            let path = try fixture.write("garbage", bytes)
            #expect(throws: DevloopError.self, "\(size) bytes") { try ImageArchiveReader.read(path) }
        }
    }

    @Test func namesThatLeadOutsideAreRefused() throws {
        let fixture = try ArchiveFixture()
        for name in ["/etc/passwd", "../outside", "a/../../outside"] {
            let path = try fixture.tar("paths.tar", [(name, [1])])
            let error = #expect(throws: DevloopError.self) { try ImageArchiveReader.read(path) }
            #expect(error?.message.contains("leads outside") == true)
        }
    }

    @Test func linksThatLeadInACircleAreNoHang() throws {
        let fixture = try ArchiveFixture()
        let path = try fixture.tar("circle.tar", [], links: [("index.json", "b"), ("b", "index.json")])
        let error = #expect(throws: DevloopError.self) { try ImageArchiveReader.read(path) }
        #expect(error?.message.contains("circle") == true)
    }

    @Test func aLinkToTheOutsideIsNoFile() throws {
        let fixture = try ArchiveFixture()
        let path = try fixture.tar("link.tar", [], links: [("manifest.json", "../../../../etc/passwd")])
        let error = #expect(throws: DevloopError.self) { try ImageArchiveReader.read(path) }
        #expect(error?.message.contains("is no image") == true)
    }

    @Test func aMissingFileAndADirectoryWithoutImage() throws {
        let fixture = try ArchiveFixture()
        let missing = #expect(throws: DevloopError.self) { try ImageArchiveReader.read(fixture.folder("nothing")) }
        #expect(missing?.message.contains("No such file") == true)
        let empty = #expect(throws: DevloopError.self) { try ImageArchiveReader.read(fixture.folder.path) }
        #expect(empty?.message.contains("neither index.json nor manifest.json") == true)
    }

    @Test func anArchiveCompressedAsAWholeIsNamed() throws {
        let fixture = try ArchiveFixture()
        let path = try fixture.write("x.tar.gz", [0x1F, 0x8B, 8, 0, 0, 0])
        let error = #expect(throws: DevloopError.self) { try ImageArchiveReader.read(path) }
        #expect(error?.message.contains("gzip") == true)
        #expect(error?.hint?.contains("gzip -d") == true)
    }

    /// Text, and the platform that it means.
    static let platforms: [(String, String?)] = [
        ("linux/amd64", "linux/amd64"), ("amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"),
        ("linux/aarch64", "linux/arm64"), ("linux/arm/v7", "linux/arm/v7"), ("", nil), ("linux/", nil),
        ("a/b/c/d", nil),
    ]

    @Test(arguments: platforms) func platformsAreParsed(_ text: String, _ wanted: String?) {
        #expect(ImagePlatform(text).map { "\($0)" } == wanted)
    }
}
