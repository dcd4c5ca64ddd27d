// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import HTTPTransport
import Hashing
package import ImagePack

/// Pushes images to a registry (OCI distribution specification 1.1): blobs that it has are not sent again.
package struct RegistryPush: ImageDelivering {
    package let summary: String
    private let client: HTTPClient
    /// `http://127.0.0.1:5000`, without a path.
    private let base: String
    /// Host as it stands in references, from here and from the node.
    private let host: String
    private let hostFromCluster: String
    /// Path below the host that comes before each image's name; empty or with a final slash.
    private let prefix: String
    private let singleName: String

    /// - Parameters:
    ///   - host: `host[:port][/path]` as this machine reaches it; loopback hosts are spoken to without TLS.
    ///   - hostFromCluster: the same for the node.
    package init(client: HTTPClient, host: String, hostFromCluster: String?, singleName: String) {
        let parts = host.split(separator: "/", maxSplits: 1)
        let name = parts.first.map(String.init) ?? host
        self.client = client
        self.host = host
        self.hostFromCluster = hostFromCluster ?? host
        self.singleName = singleName
        prefix = parts.count > 1 ? "\(parts[1])/" : ""
        base = "\(Self.isLoopback(name) ? "http" : "https")://\(name)"
        summary = "registry \(host), as default_registry says"
    }

    /// Registries on this machine have no certificate; anything else must have one.
    static func isLoopback(_ host: String) -> Bool {
        let name = host.split(separator: ":").first.map(String.init) ?? host
        return name == "localhost" || name.hasPrefix("127.")
    }

    /// The name below the registry: the ref with slashes and colons as `_`, which is what Tilt makes of it, or the single name.
    static func repository(_ ref: String, singleName: String) -> String {
        singleName.isEmpty
            ? ref.lowercased().map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? String($0) : "_" }.joined()
            : singleName
    }

    package func deliver(_ image: PackedImage) async throws -> Delivery {
        let repository = Self.repository(image.ref, singleName: singleName)
        let path = "\(base)/v2/\(prefix)\(repository)"
        let reference = "\(hostFromCluster)/\(repository):\(image.tag)"
        if try await exists("\(path)/manifests/\(image.tag)", accept: MediaType.manifest) {
            return Delivery(reference: reference, way: "already there", sent: 0)
        }
        var sent = image.manifest.count
        for layer in image.layers where try await !exists("\(path)/blobs/\(layer.digest.oci)") {
            try await upload(try layer.content.bytes(), digest: layer.digest, to: path)
            sent += layer.size
        }
        if try await !exists("\(path)/blobs/\(image.configurationDigest.oci)") {
            try await upload(image.configuration, digest: image.configurationDigest, to: path)
            sent += image.configuration.count
        }
        var put = HTTPRequest("\(path)/manifests/\(image.tag)", method: "PUT")
        put.headers["Content-Type"] = MediaType.manifest
        put.body = image.manifest
        try await expect(put, [201, 200])
        return Delivery(reference: reference, way: "registry", sent: sent)
    }

    private func exists(_ url: String, accept: String? = nil) async throws -> Bool {
        var request = HTTPRequest(url, method: "HEAD")
        if let accept { request.headers["Accept"] = accept }
        let response = try await client.send(request)
        switch response.status {
        case 200: return true
        case 404: return false
        default: throw refused(request, response)
        }
    }

    private func upload(_ bytes: [UInt8], digest: ContentDigest, to path: String) async throws {
        let start = try await expect(HTTPRequest("\(path)/blobs/uploads/", method: "POST"), [202])
        guard let location = start.headers["Location"] else {
            throw DevloopError(.image, "the registry \(host) gave no place to upload to")
        }
        let url = location.hasPrefix("/") ? base + location : location
        var put = HTTPRequest("\(url)\(url.contains("?") ? "&" : "?")digest=\(digest.oci)", method: "PUT")
        put.headers["Content-Type"] = "application/octet-stream"
        put.body = bytes
        try await expect(put, [201])
    }

    @discardableResult
    private func expect(_ request: HTTPRequest, _ wanted: Set<Int>) async throws -> HTTPResponse {
        let response = try await client.send(request)
        guard wanted.contains(response.status) else { throw refused(request, response) }
        return response
    }

    private func refused(_ request: HTTPRequest, _ response: HTTPResponse) -> DevloopError {
        DevloopError(
            .image,
            "the registry \(host) answered \(response.status) to \(request.method): \(response.text.prefix(200))",
            hint: response.status == 401 || response.status == 403
                ? "it wants credentials, which this version does not send" : "check default_registry in the Devloopfile"
        )
    }
}
