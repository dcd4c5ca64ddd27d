// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
package import Hashing

extension RegistryClient {
    /// Fetches a blob into the cache, checked by its digest; what is there is not fetched.
    /// - Throws: `DevloopError` with code image; `CancellationError`.
    package func fetch(
        _ repository: String, _ digest: ContentDigest, size: Int, into cache: BlobCache
    ) async throws {
        if cache.find(digest, size: size) != nil { return }
        let doing = "fetch \(digest.oci.prefix(19)) of \(host.name)/\(repository)"
        var failed = 0
        var writer = try cache.writer(digest, size: size)
        receiving: while true {
            let before = writer.written
            let wish: Duration?
            let fault: DevloopError
            do {
                try await receive(repository, digest, &writer, doing)
                break receiving
            } catch let error as TransientBody {
                (wish, fault) = (error.wish, error.fault)
            } catch let error as DevloopError {
                fault = RegistryFault.unreachable(error, host, doing: doing)
                guard RetryRule.isTransient(error) else { throw fault }
                wish = nil
            }
            failed = writer.written > before ? 1 : failed + 1
            try await pause(after: failed, wish: wish, fault)
        }
        try writer.finish()
    }

    /// Reads what the writer does not have yet.
    private func receive(
        _ repository: String, _ digest: ContentDigest, _ writer: inout BlobWriter, _ doing: String
    ) async throws {
        var request = HTTPRequest(url(repository, "blobs/\(digest.oci)"))
        request.idleTimeout = .seconds(60)
        if writer.written > 0 { request.headers["Range"] = "bytes=\(writer.written)-" }
        let (head, body) = try await stream(request, .pull(repository))
        switch head.status {
        case 206 where writer.written > 0: break
        case 200: try writer.restart()
        default:
            var text: [UInt8] = []
            while text.count < 1 << 16, let piece = try await body.next() { text += piece }
            let response = HTTPResponse(head: head, body: text)
            let fault = await refused(response, doing: doing)
            guard RetryRule.isTransient(head.status) else { throw fault }
            throw TransientBody(fault: fault, wish: RetryRule.wish(head.headers))
        }
        while let piece = try await body.next() { try writer.write(piece) }
    }

    private struct TransientBody: Error {
        var fault: DevloopError
        var wish: Duration?
    }
}
