// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// The opening of a WebSocket (RFC 6455 §4): what to send, and whether the answer fits.
struct WebSocketHandshake {
    /// RFC 6455 §1.3.
    private static let magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    let key: String
    let request: [UInt8]
    let subprotocols: [String]

    /// - Parameter url: `http` or `https`; the path and query are sent as they are.
    init(url: String, headers: HTTPHeaders, subprotocols: [String], key bytes: [UInt8]) {
        key = Base64.encode(bytes)
        self.subprotocols = subprotocols
        let address = HTTPRequest.address(of: url)
        let host = address.firstRange(of: "://").map { address[$0.upperBound...] } ?? address[...]
        let authorityEnd = url.firstRange(of: "://").flatMap { scheme in
            url[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" }
        }
        var target = authorityEnd.map { String(url[$0...]) } ?? "/"
        if target.hasPrefix("?") { target = "/" + target }
        var lines = [
            "GET \(target) HTTP/1.1", "Host: \(host)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13",
        ]
        if !subprotocols.isEmpty { lines.append("Sec-WebSocket-Protocol: \(subprotocols.joined(separator: ", "))") }
        lines += headers.fields.map { "\($0.name): \($0.value)" }
        request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// The chosen subprotocol, empty when the server chose none.
    /// - Returns: nil with `fault` when the answer is not the one that the key demands.
    func check(_ head: HTTPResponseHead) -> (subprotocol: String?, fault: String) {
        let accept = Base64.encode(SHA1.digest(Array((key + Self.magic).utf8)))
        guard head.headers["Upgrade"]?.lowercased() == "websocket" else { return (nil, "no upgrade to websocket") }
        guard head.headers["Sec-WebSocket-Accept"] == accept else { return (nil, "wrong accept key") }
        let chosen = head.headers["Sec-WebSocket-Protocol"] ?? ""
        guard chosen.isEmpty || subprotocols.contains(chosen) else {
            return (nil, "subprotocol '\(chosen)' was not offered")
        }
        return (chosen, "")
    }
}
