// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import ImagePack

/// What a manifest says of an image's parts.
struct BaseManifest: Sendable {
    struct Descriptor: Sendable {
        var digest: ContentDigest
        var size: Int
    }

    var configuration: Descriptor
    /// Bottom to top, with their media type in OCI's words.
    var layers: [(descriptor: Descriptor, mediaType: String)] = []

    /// - Throws: `DevloopError` with code image for what is no manifest of a container image.
    init(_ json: JSONValue, _ reference: String) throws(DevloopError) {
        guard let configuration = Self.descriptor(json["config"]), let layers = json["layers"]?.array else {
            let isOld = json["schemaVersion"]?.int == 1
            throw DevloopError(
                .image,
                "the base \(reference) "
                    + (isOld
                        ? "has a manifest of the old schema 1" : "is no image: its manifest has no config or layers"),
                hint: isOld ? "push it again with a Docker of this decade" : "check the name of base")
        }
        self.configuration = configuration
        for layer in layers {
            let type = layer["mediaType"]?.string ?? ""
            guard let descriptor = Self.descriptor(layer), let own = MediaType.layer(type) else {
                throw DevloopError(.image, "the base \(reference) has a layer of the unknown type '\(type)'")
            }
            self.layers.append((descriptor, own))
        }
    }

    private static func descriptor(_ json: JSONValue?) -> Descriptor? {
        guard let digest = json?["digest"]?.string.flatMap(ContentDigest.init), let size = json?["size"]?.int, size >= 0
        else { return nil }
        return Descriptor(digest: digest, size: size)
    }
}
