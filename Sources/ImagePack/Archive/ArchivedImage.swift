// SPDX-License-Identifier: Apache-2.0

/// An image that another program made: its configuration byte for byte, and its layers where they lie.
package struct ArchivedImage: Sendable {
    /// As it was written: its digest is the image's identity for Docker.
    package var configuration: [UInt8]
    /// Bottom to top; their content is read in place.
    package var layers: [Layer]
    /// References that the archive gives it.
    package var names: [String]
    package var platform: ImagePlatform

    package init(configuration: [UInt8], layers: [Layer], names: [String], platform: ImagePlatform) {
        self.configuration = configuration
        self.layers = layers
        self.names = names
        self.platform = platform
    }
}

extension PackedImage {
    /// An image that another program made, under a name of the spec; its tag says its content like that of any other.
    package init(ref: String, archived: ArchivedImage) {
        self.init(ref: ref, layers: archived.layers, configuration: archived.configuration)
    }
}

extension MediaType {
    /// What the layer is in OCI's words; Docker's say the same of the same bytes. nil for what no runtime unpacks.
    package static func layer(_ type: String) -> String? {
        switch type {
        case layer, "application/vnd.docker.image.rootfs.diff.tar": layer
        case "\(layer)+gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip": "\(layer)+gzip"
        case "\(layer)+zstd", "application/vnd.docker.image.rootfs.diff.tar.zstd": "\(layer)+zstd"
        default: nil
        }
    }

    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    package static let dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"
}
