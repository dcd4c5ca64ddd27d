// SPDX-License-Identifier: Apache-2.0

/// What a registry asks for with status 401 (RFC 9110 §11.6.1; the token form is that of the distribution project,
/// spec/auth/token.md).
enum AuthenticationChallenge: Equatable {
    case basic
    /// Address to get a token from, and what to say there.
    case bearer(realm: String, service: String?)

    /// - Parameter fields: the values of `WWW-Authenticate`.
    /// - Returns: the first challenge that can be answered.
    init?(_ fields: [String]) {
        for field in fields {
            guard let space = field.firstIndex(of: " ") ?? Optional(field.endIndex) else { continue }
            let parameters = Self.parameters(field[space...])
            switch field[..<space].lowercased() {
            case "basic":
                self = .basic
                return
            case "bearer":
                guard let realm = parameters["realm"] else { continue }
                self = .bearer(realm: realm, service: parameters["service"])
                return
            default: continue
            }
        }
        return nil
    }

    /// `name="value", name=value`; a quoted value may hold commas and escaped quotes.
    static func parameters(_ text: Substring) -> [String: String] {
        var found: [String: String] = [:]
        var rest = text
        while let sign = rest.firstIndex(of: "=") {
            let name = rest[..<sign].filter { $0 != " " && $0 != "," }.lowercased()
            rest = rest[rest.index(after: sign)...]
            var value = ""
            if rest.first == "\"" {
                rest = rest.dropFirst()
                while let next = rest.popFirst(), next != "\"" {
                    if next == "\\", let escaped = rest.popFirst() { value.append(escaped) } else { value.append(next) }
                }
            } else {
                value = String(rest.prefix { $0 != "," && $0 != " " })
                rest = rest.dropFirst(value.count)
            }
            found[name] = value
        }
        return found
    }
}
