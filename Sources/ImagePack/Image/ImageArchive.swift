// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Hashing

/// An image as one tar: an OCI image layout, readable by `docker load` too by its `manifest.json`.
package enum ImageArchive {
    /// - Parameter known: layers that the receiver has; they are left out, which makes a delta archive. containerd takes
    ///   one as long as its content store holds the rest (measured: 0.03 s instead of 1.3 to 3 s).
    /// - Parameter pin: a second image to bring along, for receivers that read the layout's index.
    /// - Parameter name: name and tag that the archive gives the image; nil for those that say its content.
    package static func make(
        _ image: PackedImage, without known: Set<ContentDigest> = [], pin: ImagePin? = nil, as name: String? = nil
    ) throws(DevloopError) -> ByteSource {
        let reference = name ?? image.reference
        let tag = reference.lastIndex(of: ":").map { String(reference[reference.index(after: $0)...]) } ?? image.tag
        var tar = TarBuilder()
        try tar.add(bytes: Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), at: "oci-layout")
        var descriptor = PackedImage.descriptor(MediaType.manifest, image.manifestDigest, image.manifest.count)
        descriptor["annotations"] = [
            "io.containerd.image.name": .string(ImageReference.canonical(reference)),
            "org.opencontainers.image.ref.name": .string(tag),
        ]
        var descriptors = [descriptor]
        if let pin {
            var descriptor = PackedImage.descriptor(MediaType.manifest, pin.manifestDigest, pin.manifest.count)
            descriptor["annotations"] = ["io.containerd.image.name": .string(pin.reference)]
            descriptors.append(descriptor)
        }
        let index: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.index), "manifests": .array(descriptors),
        ]
        try tar.add(bytes: index.jsonBytes, at: "index.json")
        try tar.add(bytes: image.manifest, at: path(image.manifestDigest))
        try tar.add(bytes: image.configuration, at: path(image.configurationDigest))
        if let pin {
            try tar.add(bytes: pin.manifest, at: path(pin.manifestDigest))
            try tar.add(bytes: pin.configuration, at: path(pin.configurationDigest))
        }
        var written: Set<ContentDigest> = known
        for layer in image.layers where written.insert(layer.digest).inserted {
            try tar.add(content: layer.content, at: path(layer.digest))
        }
        if known.isEmpty {
            let docker: JSONValue = [
                [
                    "Config": .string(path(image.configurationDigest)), "RepoTags": [.string(reference)],
                    "Layers": .array(image.layers.map { .string(path($0.digest)) }),
                ]
            ]
            try tar.add(bytes: docker.jsonBytes, at: "manifest.json")
        }
        tar.finish()
        return tar.source
    }

    private static func path(_ digest: ContentDigest) -> String { "blobs/sha256/\(digest.hex)" }
}

/// Image names as the container runtime stores them.
package enum ImageReference {
    /// `docker.io/library/redis:7` for `redis:7`; a name whose first part is a host stays as it is.
    package static func canonical(_ reference: String) -> String {
        guard let slash = reference.firstIndex(of: "/") else { return "docker.io/library/\(reference)" }
        let first = reference[..<slash]
        let isHost = first.contains(".") || first.contains(":") || first == "localhost"
        return isHost ? reference : "docker.io/\(reference)"
    }
}
