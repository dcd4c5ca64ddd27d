// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import ImagePack

/// Writes image archives file by file, right ones and wrong ones.
struct ArchiveFixture {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("archive") }

    /// One blob with its digest.
    struct Blob {
        var bytes: [UInt8]
        var digest: ContentDigest { SHA256.digest(of: bytes) }
        var path: String { "blobs/sha256/\(digest.hex)" }

        init(_ bytes: [UInt8]) { self.bytes = bytes }
        init(_ json: JSONValue) { bytes = json.jsonBytes }

        func descriptor(_ type: String) -> JSONValue {
            ["mediaType": .string(type), "digest": .string(digest.oci), "size": .int(bytes.count)]
        }
    }

    /// A tar with one file of that text.
    static func layer(_ text: String) throws -> Blob {
        var tar = TarBuilder()
        try tar.add(bytes: Array(text.utf8), at: "file.txt")
        tar.finish()
        return Blob(try tar.source.bytes())
    }

    static func configuration(_ layers: [Blob], architecture: String = "amd64") -> Blob {
        Blob([
            "architecture": .string(architecture), "os": "linux", "config": ["Cmd": ["/bin/app"]],
            "rootfs": ["type": "layers", "diff_ids": .array(layers.map { .string($0.digest.oci) })],
        ])
    }

    static func manifest(_ configuration: Blob, _ layers: [Blob], type: String = MediaType.layer) -> Blob {
        Blob([
            "schemaVersion": 2, "mediaType": .string(MediaType.manifest),
            "config": configuration.descriptor(MediaType.configuration),
            "layers": .array(layers.map { $0.descriptor(type) }),
        ])
    }

    /// A tar of files in order; links have a target.
    func tar(_ name: String, _ files: [(path: String, bytes: [UInt8])], links: [(String, String)] = []) throws -> String
    {
        var tar = TarBuilder()
        for (path, target) in links { try tar.add(link: path, to: target) }
        for (path, bytes) in files { try tar.add(bytes: bytes, at: path) }
        tar.finish()
        return try write(name, tar.source.bytes())
    }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try folder.write(name, "")
        let path = folder(name)
        SmallFile.replace(path, with: bytes)
        return path
    }

    /// An OCI archive of one index.
    func oci(_ name: String, index: JSONValue, blobs: [Blob]) throws -> String {
        try tar(
            name,
            [("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)), ("index.json", index.jsonBytes)]
                + blobs.map { ($0.path, $0.bytes) })
    }
}
