// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
package import Hashing
package import ImagePack

extension RegistryClient {
    /// How a blob came to be in a repository.
    package enum Placement: Sendable, Equatable {
        case wasThere, mounted
        case sent(Int)
    }

    /// What is sent at once. Two copies of it are in memory for each of four blobs: 32 MiB in all.
    package static let chunkSize = 4 << 20

    package func hasBlob(_ repository: String, _ digest: ContentDigest) async throws -> Bool {
        let doing = "look for a layer of \(repository)"
        let request = HTTPRequest(url(repository, "blobs/\(digest.oci)"), method: "HEAD")
        let response = try await send(request, .pull(repository), doing: doing)
        switch response.status {
        case 200: return true
        case 404: return false
        default: throw await refused(response, doing: doing)
        }
    }

    /// Brings a blob into a repository.
    /// - Parameter other: a repository of this registry that has it, as far as is known.
    /// - Throws: `DevloopError` with code image; `CancellationError`.
    package func place(
        _ content: ByteSource, _ digest: ContentDigest, in repository: String, from other: String? = nil
    ) async throws -> Placement {
        if try await hasBlob(repository, digest) { return .wasThere }
        var upload = BlobUpload(client: self, repository: repository, digest: digest, content: content)
        return try await upload.run(mounting: other)
    }
}

/// The upload of one blob, which goes on where it was cut.
private struct BlobUpload {
    let client: RegistryClient
    let repository: String
    let digest: ContentDigest
    let content: ByteSource
    /// Where the next bytes go; nil when the upload has to be begun.
    private var location: String?
    /// Bytes that the registry has.
    private var offset = 0
    private var chunk = RegistryClient.chunkSize

    init(client: RegistryClient, repository: String, digest: ContentDigest, content: ByteSource) {
        self.client = client
        self.repository = repository
        self.digest = digest
        self.content = content
    }

    private var doing: String { "push a layer of \(repository)" }
    private var scope: RegistryScope { .push(repository) }

    mutating func run(mounting other: String?) async throws -> RegistryClient.Placement {
        if let other, other != repository, try await mount(other) { return .mounted }
        var failed = 0
        while true {
            let before = offset
            do {
                if try await attempt() { return .sent(content.size) }
                // The registry has not taken what was sent: its own count of bytes decides.
                failed = offset > before ? 1 : failed + 1
                try await client.pause(after: failed, wish: nil, Self.stuck(client.host, doing))
            } catch let error as TransientAnswer {
                failed = offset > before ? 1 : failed + 1
                try await client.pause(after: failed, wish: error.wish, error.fault)
            } catch let error as DevloopError {
                let fault = RegistryFault.unreachable(error, client.host, doing: doing)
                guard RetryRule.isTransient(error) else { throw fault }
                failed = offset > before ? 1 : failed + 1
                try await client.pause(after: failed, wish: nil, fault)
            }
            try await askState()
        }
    }

    private static func stuck(_ host: RegistryHost, _ doing: String) -> DevloopError {
        DevloopError(.image, "cannot \(doing): the registry \(host.name) does not take the bytes that it asks for")
    }

    /// - Returns: whether the registry had the blob; else an upload has begun.
    private mutating func mount(_ other: String) async throws -> Bool {
        let query = "blobs/uploads/?mount=\(digest.oci)&from=\(RegistryAuthorization.escape(other))"
        let request = HTTPRequest(client.url(repository, query), method: "POST", body: [])
        let response = try await client.send(request, .push(repository, from: other), doing: doing)
        switch response.status {
        case 201: return true
        case 202: try begin(response, request.url)
        // It does not mount, or not from there: an ordinary upload says what is wrong, if anything is.
        default: break
        }
        return false
    }

    private mutating func begin(_ response: HTTPResponse, _ url: String) throws {
        guard let place = response.headers["Location"] else { return }
        location = try client.resolve(place, from: url)
        offset = 0
        let least = response.headers["OCI-Chunk-Min-Length"].flatMap { Int($0) } ?? 0
        chunk = max(RegistryClient.chunkSize, min(least, 64 << 20))
    }

    /// Sends what the registry does not have yet.
    /// - Returns: false when it has to be asked how far it is.
    private mutating func attempt() async throws -> Bool {
        if location == nil {
            let request = HTTPRequest(client.url(repository, "blobs/uploads/"), method: "POST", body: [])
            let response = try await client.send(request, scope, doing: doing)
            guard response.status == 202 else { throw await client.refused(response, doing: doing) }
            try begin(response, request.url)
        }
        let reader = ChunkReader(content.dropping(offset))
        // A blob of one chunk goes with the request that ends the upload.
        while content.size - offset > chunk || (offset > 0 && offset < content.size) {
            guard try await send(try reader.next(chunk)) else { return false }
        }
        return try await finish(offset == 0 ? try reader.next(chunk) : [])
    }

    private mutating func send(_ bytes: [UInt8]) async throws -> Bool {
        guard let url = location else { throw noPlace }
        var request = HTTPRequest(url, method: "PATCH", body: bytes)
        request.headers["Content-Type"] = "application/octet-stream"
        request.headers["Content-Range"] = "\(offset)-\(offset + bytes.count - 1)"
        request.idleTimeout = .seconds(60)
        let response = try await client.sendOnce(request, scope)
        switch response.status {
        case 202, 201, 204:
            if let place = response.headers["Location"] { location = try client.resolve(place, from: url) }
            let taken = Self.end(response.headers).map { $0 + 1 } ?? offset + bytes.count
            guard taken == offset + bytes.count else { return false }
            offset = taken
            return true
        case 416: return false
        default: throw try await lasting(response)
        }
    }

    private mutating func finish(_ bytes: [UInt8]) async throws -> Bool {
        guard let url = location else { throw noPlace }
        var request = HTTPRequest(
            "\(url)\(url.contains("?") ? "&" : "?")digest=\(digest.oci)", method: "PUT", body: bytes)
        request.headers["Content-Type"] = "application/octet-stream"
        request.idleTimeout = .seconds(60)
        let response = try await client.sendOnce(request, scope)
        switch response.status {
        case 201, 204: return true
        case 416: return false
        default: throw try await lasting(response)
        }
    }

    /// The error of an answer; a transient one, and an upload that the registry has forgotten, lead to another attempt.
    private mutating func lasting(_ response: HTTPResponse) async throws -> any Error {
        let fault = await client.refused(response, doing: doing)
        let codes = (fault.cause as? RegistryFault.Answer)?.codes ?? []
        let isForgotten =
            response.status == 404 || codes.contains("BLOB_UPLOAD_UNKNOWN")
            || codes.contains("BLOB_UPLOAD_INVALID")
        guard RetryRule.isTransient(response.status) || isForgotten else { return fault }
        return TransientAnswer(fault: fault, wish: RetryRule.wish(response.headers))
    }

    /// Asks how far the upload is; begins anew when that cannot be told. docker-registry 2.8 can tell only when the cut
    /// was between two chunks.
    private mutating func askState() async throws {
        guard let url = location else { return }
        location = nil
        offset = 0
        let response = try await client.send(HTTPRequest(url), scope, doing: doing)
        guard response.status == 204, let place = response.headers["Location"] else { return }
        // `0-0` is what some say of an empty upload; a whole blob that is there is taken to be incomplete.
        let end = Self.end(response.headers) ?? 0
        guard end < content.size else { return }
        location = try client.resolve(place, from: url)
        offset = end == 0 ? 0 : end + 1
    }

    /// The last byte of `Range: 0-4711`.
    private static func end(_ headers: HTTPHeaders) -> Int? {
        headers["Range"].flatMap { $0.split(separator: "-").last }.flatMap { Int($0) }
    }

    private var noPlace: DevloopError {
        DevloopError(.image, "cannot \(doing): the registry \(client.host.name) gave no place to upload to")
    }

    /// An answer after which the next attempt may succeed.
    private struct TransientAnswer: Error {
        var fault: DevloopError
        var wish: Duration?
    }
}

/// Cuts a source into chunks.
private final class ChunkReader {
    private let reader: ByteSourceReader
    private var rest: [UInt8] = []

    init(_ source: ByteSource) { reader = ByteSourceReader(source) }

    /// At most `count` bytes; fewer only at the end.
    func next(_ count: Int) throws -> [UInt8] {
        var bytes = rest
        rest = []
        while bytes.count < count, let piece = try reader.next() { bytes += piece }
        if bytes.count > count {
            rest = Array(bytes[count...])
            bytes.removeLast(bytes.count - count)
        }
        return bytes
    }
}
