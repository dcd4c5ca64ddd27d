// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import HTTPTransport
import Hashing

/// Speaks with one registry (OCI distribution specification 1.1).
///
/// Transient failures are retried; credentials are sent only to the registry itself and to the server of tokens that it
/// names, never along a redirect to another host.
package final class RegistryClient: Sendable {
    package let host: RegistryHost
    let http: HTTPClient
    let retry: RetryRule
    private let authorization: RegistryAuthorization
    /// Redirects in a row that are followed; registries use one.
    private static let maximumRedirects = 5

    package init(
        host: RegistryHost, http: HTTPClient, credentials: DockerCredentials, retry: RetryRule = RetryRule()
    ) {
        self.host = host
        self.http = http
        self.retry = retry
        authorization = RegistryAuthorization(host: host, http: http, credentials: credentials)
    }

    func url(_ repository: String, _ rest: String) -> String { "\(host.address)/v2/\(repository)/\(rest)" }

    /// Sends a request that may be sent twice, until it has a lasting answer.
    /// - Parameter doing: what it is for, as in `cannot push shop/web`.
    /// - Returns: an answer of any status, but no transient one.
    func send(_ request: HTTPRequest, _ scope: RegistryScope, doing: String) async throws -> HTTPResponse {
        var failed = 0
        while true {
            let wish: Duration?
            let fault: DevloopError
            do {
                let response = try await sendOnce(request, scope)
                guard RetryRule.isTransient(response.status) else { return response }
                wish = RetryRule.wish(response.headers)
                fault = RegistryFault.error(response, host, doing: doing)
            } catch let error as DevloopError {
                fault = RegistryFault.unreachable(error, host, doing: doing)
                guard RetryRule.isTransient(error) else { throw fault }
                wish = nil
            }
            failed += 1
            try await pause(after: failed, wish: wish, fault)
        }
    }

    /// Waits before the next attempt.
    /// - Throws: `fault` when there is to be none.
    func pause(after failed: Int, wish: Duration?, _ fault: DevloopError) async throws {
        guard let delay = retry.delay(after: failed, wish: wish, jitter: .random(in: 0...1)) else { throw fault }
        try await Task.sleep(for: delay)
    }

    /// Sends a request once; asked for credentials, it sends it again with them.
    func sendOnce(_ request: HTTPRequest, _ scope: RegistryScope) async throws -> HTTPResponse {
        guard isOwn(request.url) else { return try await http.send(request) }
        var request = request
        let header = await authorization.header(scope)
        request.headers["Authorization"] = header
        let response = try await http.send(request)
        guard let answer = try await answer(response.head, scope, refused: header) else { return response }
        request.headers["Authorization"] = answer
        return try await http.send(request)
    }

    /// Begins to read an answer, which may lie at another host.
    func stream(
        _ request: HTTPRequest, _ scope: RegistryScope
    ) async throws -> (head: HTTPResponseHead, body: HTTPBody) {
        var request = request
        for _ in 0...Self.maximumRedirects {
            let own = isOwn(request.url)
            let header = own ? await authorization.header(scope) : nil
            request.headers["Authorization"] = header
            var result = try await http.stream(request)
            if own, let answer = try await answer(result.head, scope, refused: header) {
                result.body.cancel()
                request.headers["Authorization"] = answer
                result = try await http.stream(request)
            }
            guard (300..<400).contains(result.head.status), let location = result.head.headers["Location"] else {
                return result
            }
            result.body.cancel()
            request.url = try resolve(location, from: request.url)
        }
        throw DevloopError(.image, "the registry \(host.name) leads in a circle of redirects")
    }

    /// The error for an answer that is none of those that were expected.
    func refused(_ response: HTTPResponse, doing: String) async -> DevloopError {
        RegistryFault.error(response, host, doing: doing, note: await authorization.note)
    }

    /// A `Location`, which may be relative (RFC 9110 §10.2.2).
    /// - Throws: `DevloopError` with code image when it leads out of TLS.
    func resolve(_ location: String, from url: String) throws -> String {
        if location.hasPrefix("https://") { return location }
        if location.hasPrefix("http://") {
            guard !url.hasPrefix("https://") else {
                throw DevloopError(
                    .image, "the registry \(host.name) leads to \(HTTPRequest(location).address), without TLS",
                    hint: "a proxy before it has to tell it that TLS is used: X-Forwarded-Proto")
            }
            return location
        }
        let address = HTTPRequest(url).address
        if location.hasPrefix("/") { return address + location }
        let path = url.prefix { $0 != "?" }
        return "\(path[...(path.lastIndex(of: "/") ?? path.startIndex)])\(location)"
    }

    private func answer(
        _ head: HTTPResponseHead, _ scope: RegistryScope, refused: String?
    ) async throws -> String? {
        guard head.status == 401, let challenge = AuthenticationChallenge(head.headers.values("WWW-Authenticate"))
        else { return nil }
        return try await authorization.answer(challenge, scope, refused: refused)
    }

    private func isOwn(_ url: String) -> Bool { Self.origin(url) == Self.origin(host.address) }

    /// Scheme, host and port, without the port that the scheme means anyway.
    static func origin(_ url: String) -> String {
        let address = HTTPRequest(url).address.lowercased()
        for (scheme, port) in [("https://", ":443"), ("http://", ":80")] where address.hasPrefix(scheme) {
            return address.hasSuffix(port) ? String(address.dropLast(port.utf8.count)) : address
        }
        return address
    }
}
