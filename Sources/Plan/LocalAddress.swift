// SPDX-License-Identifier: Apache-2.0

/// A place of a server that somebody else runs: `localhost:5432`.
package struct LocalAddress: Sendable, Equatable {
    package var host: String
    package var port: Int

    /// Nil for a text that is no host with a port; a host of IPv6 stands in brackets.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        let host = String(text[..<colon])
        guard !host.isEmpty, host.hasPrefix("[") == host.hasSuffix("]"), host.hasPrefix("[") || !host.contains(":"),
            !host.contains(where: { "/ @".contains($0) })
        else { return nil }
        self.host = host
        self.port = port
    }

    package var text: String { "\(host):\(port)" }

    package var isOfThisMachine: Bool { ["localhost", "127.0.0.1", "[::1]"].contains(host) }
}
