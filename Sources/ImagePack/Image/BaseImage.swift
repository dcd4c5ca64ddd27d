// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Hashing

/// An image of somebody else's that ours stands on: its layers are carried as they are.
package struct BaseImage: Sendable {
    /// As the spec names it: `debian:12-slim`, `oci:/home/ann/base`.
    package var reference: String
    /// Of its manifest; of its configuration for an archive, which may have no manifest.
    package var digest: ContentDigest
    package var layers: [Layer]
    /// Its whole configuration blob, image-spec v1.1, config.md.
    package var configuration: JSONValue
    /// Registry and repository that its layers were taken from, so that a push to the same registry can mount them.
    package var origin: (registry: String, repository: String)?

    /// - Throws: `DevloopError` when the configuration does not belong to the layers, or to another kind of machine.
    package init(
        reference: String, digest: ContentDigest, layers: [Layer], configuration: JSONValue,
        origin: (registry: String, repository: String)? = nil
    ) throws(DevloopError) {
        self.reference = reference
        self.digest = digest
        self.layers = layers
        self.configuration = configuration
        self.origin = origin
        let described = configuration.at("rootfs", "diff_ids")?.array ?? []
        guard described.map(\.string) == layers.map({ $0.diffID.oci }) else {
            throw DevloopError(
                .image, "the base \(reference) is broken: its configuration does not describe its layers")
        }
    }

    /// `amd64`, `arm64`, ...; nil when it does not say.
    package var architecture: String? { configuration["architecture"]?.string }
    /// Value of a variable that the base sets.
    func variable(_ name: String) -> String? {
        (configuration.at("config", "Env")?.array ?? []).compactMap(\.string)
            .first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.utf8.count + 1)) }
    }
    /// Its working directory, unless that is none in particular.
    var directory: String? {
        let text = configuration.at("config", "WorkingDir")?.string ?? ""
        return text.isEmpty || text == "/" ? nil : text
    }
}
