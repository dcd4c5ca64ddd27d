// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
package import Hashing
import ImagePack

extension RegistryClient {
    /// A manifest or an index, as the registry has it.
    package struct Manifest: Sendable {
        package var bytes: [UInt8]
        package var digest: ContentDigest
        package var mediaType: String
    }

    /// The media types that are understood; a registry converts nothing, but picks by them.
    private static let accepted = [
        MediaType.index, MediaType.manifest, MediaType.dockerIndex, MediaType.dockerManifest,
    ].joined(separator: ", ")
    /// The specification asks registries for at least this much (4 MiB).
    private static let maximumManifest = 4 << 20

    /// The digest under a tag or digest; nil when there is none.
    /// - Throws: `DevloopError` with code image.
    package func manifestDigest(_ repository: String, _ reference: String) async throws -> ContentDigest? {
        var request = HTTPRequest(url(repository, "manifests/\(reference)"), method: "HEAD")
        request.headers["Accept"] = Self.accepted
        let doing = "look for \(repository):\(reference)"
        let response = try await send(request, .pull(repository), doing: doing)
        switch response.status {
        case 200:
            if let text = response.headers["Docker-Content-Digest"] { return ContentDigest(text) }
            return try await manifest(repository, reference)?.digest
        case 404: return nil
        default: throw await refused(response, doing: doing)
        }
    }

    /// - Returns: nil when there is none.
    /// - Throws: `DevloopError` with code image; also when the bytes are not those that a digest names.
    package func manifest(_ repository: String, _ reference: String) async throws -> Manifest? {
        var request = HTTPRequest(url(repository, "manifests/\(reference)"))
        request.headers["Accept"] = Self.accepted
        request.maximumBodyBytes = Self.maximumManifest
        let name = "\(host.name)/\(repository)\(reference.contains(":") ? "@" : ":")\(reference)"
        let response = try await send(request, .pull(repository), doing: "fetch \(name)")
        switch response.status {
        case 200: break
        case 404: return nil
        default: throw await refused(response, doing: "fetch \(name)")
        }
        let digest = SHA256.digest(of: response.body)
        if let said = response.headers["Docker-Content-Digest"].flatMap(ContentDigest.init), said != digest {
            throw DevloopError(.image, "\(name) is damaged: the registry says \(said.oci), its bytes are \(digest.oci)")
        }
        if let wanted = ContentDigest(reference), wanted != digest {
            throw DevloopError(.image, "\(name) is damaged: its bytes are \(digest.oci)")
        }
        let type = response.headers["Content-Type"].map { String($0.prefix { $0 != ";" }) }
        return Manifest(bytes: response.body, digest: digest, mediaType: type ?? "")
    }

    /// - Throws: `DevloopError` with code image; a cause ``RegistryFault/Answer`` tells whether blobs are missing.
    package func put(
        manifest bytes: [UInt8], _ repository: String, tag: String, mediaType: String = MediaType.manifest
    ) async throws {
        var request = HTTPRequest(url(repository, "manifests/\(tag)"), method: "PUT", body: bytes)
        request.headers["Content-Type"] = mediaType
        let doing = "push \(repository):\(tag)"
        let response = try await send(request, .push(repository), doing: doing)
        guard [200, 201, 202].contains(response.status) else { throw await refused(response, doing: doing) }
    }

    /// Whether an error means that the registry has lost blobs of a manifest.
    package static func lacksBlobs(_ error: any Error) -> Bool {
        guard let answer = (error as? DevloopError)?.cause as? RegistryFault.Answer else { return false }
        return !Set(answer.codes).isDisjoint(with: ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"])
    }
}
