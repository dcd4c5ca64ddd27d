// SPDX-License-Identifier: Apache-2.0

import Glibc
package import ObjectModel

/// The tokens by which services know each other, from a mounted file of `name: token`.
package struct MutualAuth: Sendable {
    /// The header that carries the caller's token, in lower case.
    package static let header = "delinkcious-caller-token"
    /// Where the Secret is mounted.
    static let defaultPath = "/etc/delinkcious/mutual-auth.yaml"
    /// The file is a handful of lines; more is a mistake.
    static let maximumSize = 1 << 20

    private let tokens: [String: String]

    package init(tokens: [String: String]) {
        self.tokens = tokens
    }

    /// `nil` if `DELINKCIOUS_MUTUAL_AUTH` is `false`. Otherwise the file has to be there and to be readable: throws
    /// `DomainError` with path and reason. `DELINKCIOUS_MUTUAL_AUTH_FILE` names another file.
    package static func load(_ settings: Settings) throws(DomainError) -> MutualAuth? {
        guard settings["DELINKCIOUS_MUTUAL_AUTH"] != "false" else { return nil }
        let path = settings["DELINKCIOUS_MUTUAL_AUTH_FILE"] ?? defaultPath
        let hint = "; DELINKCIOUS_MUTUAL_AUTH=false turns mutual authentication off"
        let text = try read(path, hint: hint)
        do throws(DomainError) {
            return MutualAuth(tokens: try ScalarMap.parse(text))
        } catch {
            throw DomainError("\(path): \(error.text)")
        }
    }

    /// The token to send to `service`.
    package func token(for service: String) -> String? {
        tokens[service].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether `token` is the one that `caller` has. The time taken does not depend on where the texts differ.
    package func accepts(_ token: String, from caller: String) -> Bool {
        guard let expected = self.token(for: caller) else { return false }
        let (left, right) = (Array(expected.utf8), Array(token.utf8))
        var difference = left.count ^ right.count
        for (index, byte) in right.enumerated() {
            difference |= Int(byte ^ left[index % left.count])
        }
        return difference == 0
    }

    private static func read(_ path: String, hint: String) throws(DomainError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw DomainError("\(path): \(String(cString: strerror(errno)))\(hint)") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw DomainError("\(path): \(String(cString: strerror(errno)))\(hint)") }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
            guard bytes.count <= maximumSize else { throw DomainError("\(path): too large") }
        }
    }
}
