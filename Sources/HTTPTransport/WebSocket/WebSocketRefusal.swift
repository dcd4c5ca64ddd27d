// SPDX-License-Identifier: Apache-2.0

/// The server answered a handshake with something else than 101; the caller knows what its body means.
package struct WebSocketRefusal: Error, Sendable {
    package var response: HTTPResponse

    package init(response: HTTPResponse) { self.response = response }
}
