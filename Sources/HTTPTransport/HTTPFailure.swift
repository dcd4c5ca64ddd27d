// SPDX-License-Identifier: Apache-2.0

import CCurl
import DevloopCore

/// Why an exchange failed below HTTP; the `cause` of the `DevloopError` that is thrown, so that a caller can decide
/// whether to try again without reading texts.
package struct HTTPFailure: Error, Equatable, Sendable {
    package enum Kind: Sendable {
        /// The name is unknown or nobody listens: nothing was sent.
        case connect
        /// Certificates, names or TLS itself.
        case tls
        /// A deadline passed.
        case timeout
        /// The connection broke after it was made; the request may have been carried out.
        case interrupted
        /// The peer does not speak HTTP as it should, or the answer is larger than allowed.
        case malformed
        /// ``HTTPClient/shutdown()`` was called.
        case shutDown
        /// Bad address or option: a fault on our side.
        case invalid
    }

    package var kind: Kind
    /// libcurl's number; 0 when the failure is not libcurl's.
    package var curlCode: Int

    package init(kind: Kind, curlCode: Int = 0) {
        self.kind = kind
        self.curlCode = curlCode
    }
}

extension HTTPFailure {
    /// The error for a result of libcurl, with its own text, the address and a hint.
    static func error(_ code: CURLcode, detail: String, address: String) -> DevloopError {
        let kind = kind(of: code)
        let text = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        let failure = HTTPFailure(kind: kind, curlCode: Int(code.rawValue))
        switch kind {
        case .malformed:
            return DevloopError(.protocolViolation, "\(address) does not answer as HTTP: \(text)", cause: failure)
        case .invalid:
            return DevloopError(.usage, "request to \(address) is not possible: \(text)", cause: failure)
        default:
            return DevloopError(
                .clusterUnreachable, "cannot reach \(address): \(text)", hint: hint(code, kind), cause: failure)
        }
    }

    static func cutHead(_ address: String) -> DevloopError {
        DevloopError(
            .clusterUnreachable, "cannot reach \(address): connection closed in the middle of an answer",
            hint: hint(CURLE_GOT_NOTHING, .interrupted),
            cause: HTTPFailure(kind: .interrupted, curlCode: Int(CURLE_GOT_NOTHING.rawValue)))
    }

    static func shutDown(_ address: String) -> DevloopError {
        DevloopError(
            .clusterUnreachable, "the client for \(address) was shut down", cause: HTTPFailure(kind: .shutDown))
    }

    private static func kind(of code: CURLcode) -> Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PROXY: .connect
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
            .tls
        case CURLE_OPERATION_TIMEDOUT: .timeout
        // Without an HTTP answer at all libcurl reports "Received HTTP/0.9" as an unsupported protocol.
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_TOO_MANY_REDIRECTS,
            CURLE_UNSUPPORTED_PROTOCOL, CURLE_WRITE_ERROR:
            .malformed
        case CURLE_URL_MALFORMAT, CURLE_FAILED_INIT, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION,
            CURLE_OUT_OF_MEMORY, CURLE_NOT_BUILT_IN:
            .invalid
        default: .interrupted
        }
    }

    private static func hint(_ code: CURLcode, _ kind: Kind) -> String? {
        switch kind {
        case .connect where code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY:
            "check the host name in the address and your network"
        case .connect: "check that the server is running and that the address is right"
        case .tls where code == CURLE_PEER_FAILED_VERIFICATION:
            "check that the certificate authority and the server name belong to this server"
        case .tls: "check the client certificate, its key and the certificate authority"
        case .timeout: "check that the server answers and that no firewall or proxy is in between"
        case .interrupted: "the connection broke; check whether the server was restarted"
        case .malformed, .shutDown, .invalid: nil
        }
    }
}
