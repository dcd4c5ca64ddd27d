// SPDX-License-Identifier: Apache-2.0

/// A query string, decoded once: `+` is a space, the first of several values counts, and a pair that cannot be decoded
/// or that holds a semicolon is dropped, as Go drops it.
package struct Query: Hashable, Sendable {
    private var values: [String: String] = [:]

    package init(_ text: some StringProtocol) {
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) where !pair.contains(UInt8(ascii: ";")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = try? percentDecoded(parts[0], plusIsSpace: true),
                let value = try? percentDecoded(parts.count > 1 ? parts[1] : parts[0].prefix(0), plusIsSpace: true)
            else { continue }
            if values[key] == nil { values[key] = value }
        }
    }

    /// The value of `name`, empty if it is not given.
    package subscript(_ name: String) -> String {
        values[name] ?? ""
    }
}
