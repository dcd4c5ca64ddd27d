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
    /// What the image means to who runs it, without labels and without what differs between two equal builds.
    package let identity: ContentDigest
    /// The base image that its first layers come from.
    package let base: BaseImage?

    package init(ref: String, layers: [Layer], configuration: ImageConfiguration, base: BaseImage? = nil) {
        let all = (base?.layers ?? []) + layers
        let names = layers.map(\.name)
        let bytes = configuration.json(diffIDs: all.map(\.diffID.oci), names: names).jsonBytes
        let meaning = configuration.json(diffIDs: all.map(\.identity.oci), names: names, withLabels: false)
        self.init(
            ref: ref, layers: all, configuration: bytes, identity: SHA256.digest(of: meaning.jsonBytes), base: base)
    }

    /// - Parameter configuration: the configuration blob, which goes out as it is.
    init(ref: String, layers: [Layer], configuration: [UInt8]) {
        self.init(
            ref: ref, layers: layers, configuration: configuration, identity: SHA256.digest(of: configuration),
            base: nil)
    }

    private init(
        ref: String, layers: [Layer], configuration: [UInt8], identity: ContentDigest, base: BaseImage?
    ) {
        self.ref = ref
        self.layers = layers
        self.configuration = configuration
        self.identity = identity
        self.base = base
        configurationDigest = SHA256.digest(of: configuration)
        let manifestValue: JSONValue = [
            "schemaVersion": 2,
            "mediaType": .string(MediaType.manifest),
            "config": Self.descriptor(MediaType.configuration, configurationDigest, configuration.count),
            "layers": .array(layers.map { Self.descriptor($0.mediaType, $0.digest, $0.size) }),
        ]
        manifest = manifestValue.jsonBytes
        manifestDigest = SHA256.digest(of: manifest)
    }

    /// The same image with its layers packed otherwise, for a way that wants them compressed; one for each, in order.
    package func carrying(_ layers: [Layer]) -> PackedImage {
        PackedImage(ref: ref, layers: layers, configuration: configuration, identity: identity, base: base)
    }

    /// Says what would run; the same content has the same tag, so that applying it again changes nothing (design D9).
    /// A new commit without a change of the program, and a second clean build of the same sources, do not change it.
    package var tag: String { "devloop-\(identity.short)" }
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
    package static let gzipLayer = "application/vnd.oci.image.layer.v1.tar+gzip"
    package static let zstdLayer = "application/vnd.oci.image.layer.v1.tar+zstd"
    package static let index = "application/vnd.oci.image.index.v1+json"
}
