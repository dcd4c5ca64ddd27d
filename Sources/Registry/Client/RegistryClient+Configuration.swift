// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import HTTPTransport
import Hashing
package import ImagePack
package import Plan

extension RegistryClient {
    /// A configuration holds no content; larger ones are none.
    private static let maximumConfiguration = 4 << 20

    /// The `config` of an image (image-spec v1.1, config.md): what it runs and how.
    /// - Parameter platform: which one of an index is meant.
    /// - Throws: `DevloopError` with code image, also when there is no such image.
    package func configuration(_ name: ImageName, platform: ImagePlatform) async throws -> JSONValue {
        var reference = name.digest ?? name.tag ?? "latest"
        // An index leads to a manifest.
        for _ in 0..<2 {
            guard let found = try await manifest(name.path, reference) else {
                throw DevloopError(
                    .image, "there is no \(name.path):\(reference) in the registry \(host.name)",
                    hint: "images that are not public need a login: \(host.loginCommand)")
            }
            let json = try Self.parse(found.bytes, name)
            if let entries = json["manifests"]?.array {
                reference = try BasePuller.choose(entries, platform, "\(name.repository)").oci
                continue
            }
            guard let digest = json.at("config", "digest")?.string.flatMap(ContentDigest.init) else { break }
            var request = HTTPRequest(url(name.path, "blobs/\(digest.oci)"))
            request.maximumBodyBytes = Self.maximumConfiguration
            let (head, body) = try await stream(request, .pull(name.path))
            guard head.status == 200 else {
                body.cancel()
                throw DevloopError(
                    .image,
                    "the registry \(host.name) answers \(head.status) to the configuration of \(name.repository)")
            }
            var bytes: [UInt8] = []
            while let piece = try await body.next() {
                bytes += piece
                guard bytes.count <= Self.maximumConfiguration else { break }
            }
            guard SHA256.digest(of: bytes) == digest else {
                throw DevloopError(.image, "the configuration of \(name.repository) is damaged")
            }
            return try Self.parse(bytes, name)["config"] ?? [:]
        }
        throw DevloopError(.image, "\(name.repository) has no manifest of a container image")
    }

    private static func parse(_ bytes: [UInt8], _ name: ImageName) throws(DevloopError) -> JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw DevloopError(.image, "\(name.repository) has a manifest or configuration that is no JSON")
        }
    }
}
