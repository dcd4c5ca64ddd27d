// SPDX-License-Identifier: Apache-2.0

/// Status and header fields of an answer.
package struct HTTPResponseHead: Sendable, Equatable {
    package var status: Int
    package var headers: HTTPHeaders

    package init(status: Int, headers: HTTPHeaders) {
        self.status = status
        self.headers = headers
    }
}

/// A complete answer.
package struct HTTPResponse: Sendable {
    package var head: HTTPResponseHead
    package var body: [UInt8]

    package init(head: HTTPResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }

    package var status: Int { head.status }
    package var headers: HTTPHeaders { head.headers }
    /// The body as text; invalid UTF-8 is repaired.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Reads header lines as libcurl delivers them; several answers may pass (100-continue, redirects) before the final one.
struct HTTPHeadReader {
    private(set) var head = HTTPResponseHead(status: 0, headers: [:])

    /// Takes one line with its line end; true when it was the empty line that ends a head.
    mutating func take(_ line: some Collection<UInt8>) -> Bool {
        var text = Substring(String(decoding: line, as: UTF8.self))
        while let last = text.unicodeScalars.last, last == "\r" || last == "\n" { text.unicodeScalars.removeLast() }
        if text.isEmpty { return true }
        if text.hasPrefix("HTTP/") {
            let parts = text.split(separator: " ", maxSplits: 2)
            head = HTTPResponseHead(status: parts.count > 1 ? Int(parts[1]) ?? 0 : 0, headers: [:])
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            head.headers.add(String(text[..<colon]), String(value.trimmingTrailingSpace))
        }
        return false
    }
}

extension Substring {
    var trimmingTrailingSpace: Substring {
        var text = self
        while let last = text.unicodeScalars.last, last == " " || last == "\t" { text.unicodeScalars.removeLast() }
        return text
    }
}
