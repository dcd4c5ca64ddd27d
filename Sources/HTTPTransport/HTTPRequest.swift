// SPDX-License-Identifier: Apache-2.0

/// One request; a value, so that a retry sends the same again.
package struct HTTPRequest: Sendable {
    package var method: String
    /// Absolute `http` or `https` address, already percent-encoded.
    package var url: String
    package var headers: HTTPHeaders
    /// The whole body; nil sends none.
    package var body: [UInt8]?
    /// A body that is read while it is sent, in place of ``body``. Such a request goes over HTTP/1.1.
    package var upload: HTTPUpload?
    /// Limit for the whole exchange, from looking up the name to the last byte; nil for streams without an end.
    package var deadline: Duration?
    /// Limit for name, TCP and TLS together.
    package var connectTimeout: Duration = .seconds(10)
    /// The transfer fails when no byte has come for that long; nil waits for ever. Time under back-pressure is not
    /// counted.
    package var idleTimeout: Duration?
    /// Path of a Unix socket to connect to in place of the host in `url`.
    package var unixSocket: String?
    /// The server may compress the answer (gzip); what arrives here is unpacked, and counted so.
    package var acceptsGzip = false
    /// Redirects that are followed; the `Authorization` header goes only to the first host.
    package var maximumRedirects = 0
    /// ``HTTPClient/send(_:)`` fails beyond that many bytes of body.
    package var maximumBodyBytes = 256 << 20

    package init(
        _ url: String,
        method: String = "GET",
        headers: HTTPHeaders = [:],
        body: [UInt8]? = nil,
        deadline: Duration? = nil,
        unixSocket: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.unixSocket = unixSocket
    }

    /// Scheme, host and port: what errors show. Path and query stay out, they can be long or private.
    package var address: String { Self.address(of: url) }

    static func address(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return "\(url[..<scheme.upperBound])\(host)"
    }
}
