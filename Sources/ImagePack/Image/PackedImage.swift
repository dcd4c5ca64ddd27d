// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import Hashing

/// An OCI image, complete but not yet anywhere.
package struct PackedImage: Sendable {
    /// Name without tag, as manifests use it.
    package let ref: String
    package let layers: [Layer]
    package let configuration: [UInt8]
    package let manifest: [UInt8]
    package let configurationDigest: ContentDigest
    package let manifestDigest: ContentDigest

    package init(ref: String, layers: [Layer], configuration: ImageConfiguration) {
        self.init(ref: ref, layers: layers, configuration: configuration.json(layers: layers).jsonBytes)
    }

    /// - Parameter configurationBytes: the configuration blob, which goes out as it is.
    init(ref: String, layers: [Layer], configuration configurationBytes: [UInt8]) {
        self.ref = ref
        self.layers = layers
        self.configuration = configurationBytes
        configurationDigest = SHA256.digest(of: configurationBytes)
        let manifestValue: JSONValue = [
            "schemaVersion": 2,
            "mediaType": .string(MediaType.manifest),
            "config": Self.descriptor(MediaType.configuration, configurationDigest, configurationBytes.count),
            "layers": .array(layers.map { Self.descriptor($0.mediaType, $0.digest, $0.size) }),
        ]
        manifest = manifestValue.jsonBytes
        manifestDigest = SHA256.digest(of: manifest)
    }

    /// Says the content; the same content has the same tag, so that applying it again changes nothing (design D9).
    package var tag: String { "devloop-\(manifestDigest.short)" }
    /// What is put into manifests.
    package var reference: String { "\(ref):\(tag)" }
    /// Bytes of all layers.
    package var size: Int { layers.map(\.size).reduce(0, +) }

    static func descriptor(_ type: String, _ digest: ContentDigest, _ size: Int) -> JSONValue {
        ["mediaType": .string(type), "digest": .string(digest.oci), "size": .int(size)]
    }
}

/// Media types of the OCI image specification, v1.1.
package enum MediaType {
    package static let manifest = "application/vnd.oci.image.manifest.v1+json"
    package static let configuration = "application/vnd.oci.image.config.v1+json"
    package static let layer = "application/vnd.oci.image.layer.v1.tar"
    package static let index = "application/vnd.oci.image.index.v1+json"
}
