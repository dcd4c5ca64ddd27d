// SPDX-License-Identifier: Apache-2.0

import Plan
import Starlark

/// What `port_forward(...)` makes.
final class PortForwardValue: ForeignValue {
    let forward: PortForward

    init(_ forward: PortForward) { self.forward = forward }

    var typeName: String { "port_forward" }
    var repr: String { "port_forward(\(forward.shortText))" }
    var isHashable: Bool { false }
    func isEqual(to other: any ForeignValue) -> Bool { (other as? PortForwardValue)?.forward == forward }
}

extension PortForward {
    /// Reads `8080`, `8080:80` and `0.0.0.0:8080:80`.
    init(parsing text: String) throws(SpecFault) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        let ports = parts.count == 3 ? Array(parts.dropFirst()) : parts
        self.init(localPort: try Self.port(ports[0]), containerPort: ports.count > 1 ? try Self.port(ports[1]) : nil)
        guard parts.count == 3 else { return }
        try setHost(parts[0])
    }

    /// - Throws: when the host is neither a name nor an IPv4 address.
    mutating func setHost(_ text: String) throws(SpecFault) {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            !label.isEmpty && label.first != "-" && label.last != "-"
                && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
        guard isName else { throw SpecFault("\"\(text)\" is no host name or IP address") }
        host = text
    }

    /// A port from a number.
    static func port(_ number: Int) throws(SpecFault) -> Int {
        guard (0...65535).contains(number) else { throw SpecFault("port \(number) is not between 0 and 65535") }
        return number
    }

    private static func port(_ text: String) throws(SpecFault) -> Int {
        guard let number = Int(text), !text.hasPrefix("+") else { throw SpecFault("\"\(text)\" is no port number") }
        return try port(number)
    }
}
