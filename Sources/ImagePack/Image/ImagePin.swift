// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import Hashing

/// A second image of the layers below an image's top one, which runs nowhere: its name keeps those layers from the
/// garbage collector of a node's content store, so that later archives can leave them out.
///
/// It has a manifest and a configuration of its own: a node that removes the image, by name or by id, keeps the pin.
package struct ImagePin: Sendable {
    /// As the node's runtime stores it. The name moves with the image's base, so that an old base is let go.
    package let reference: String
    package let layers: [Layer]
    package let configuration: [UInt8]
    package let manifest: [UInt8]
    package let configurationDigest: ContentDigest
    package let manifestDigest: ContentDigest

    /// - Returns: nil for an image without a base: one layer has nothing to keep.
    package init?(of image: PackedImage) {
        guard image.layers.count > 1 else { return nil }
        layers = Array(image.layers.dropLast())
        reference = Self.reference(of: image.ref)
        let platform = try? JSONValue(parsing: image.configuration)
        let value: JSONValue = [
            "architecture": platform?["architecture"] ?? "amd64", "os": platform?["os"] ?? "linux", "config": [:],
            "rootfs": ["type": "layers", "diff_ids": .array(layers.map { .string($0.diffID.oci) })],
        ]
        configuration = value.jsonBytes
        configurationDigest = SHA256.digest(of: configuration)
        let manifestValue: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.manifest),
            "config": PackedImage.descriptor(MediaType.configuration, configurationDigest, configuration.count),
            "layers": .array(layers.map { PackedImage.descriptor($0.mediaType, $0.digest, $0.size) }),
        ]
        manifest = manifestValue.jsonBytes
        manifestDigest = SHA256.digest(of: manifest)
    }

    /// `docker.io/devloop/pin/registry.test-5000/team/app:base` for `registry.test:5000/team/app`.
    package static func reference(of ref: String) -> String {
        let name = ref.lowercased().map { $0 == ":" ? "-" : String($0) }.joined()
        return "docker.io/devloop/pin/\(name):base"
    }
}
