// SPDX-License-Identifier: Apache-2.0

/// Replaces secret texts by `[redacted]`.
package struct Redactor: Sendable {
    /// A shorter secret is no secret, and replacing it would make every log unreadable.
    package static let shortest = 4
    /// What stands in place of a secret.
    package static let replacement = Array("[redacted]".utf8)

    /// The texts, longest first, so that a secret that contains another one goes as a whole.
    private let needles: [[UInt8]]
    /// Bytes of the longest one; 0 without any.
    let longest: Int

    /// - Parameter secrets: values of Secrets; one of several lines is replaced line by line.
    package init(_ secrets: [[UInt8]]) {
        var unique: Set<[UInt8]> = []
        for secret in secrets {
            for part in secret.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) where part.count >= Self.shortest {
                unique.insert(Array(part))
            }
        }
        needles = unique.sorted { $0.count != $1.count ? $0.count > $1.count : $0.lexicographicallyPrecedes($1) }
        longest = needles.first?.count ?? 0
    }

    /// The text without secrets; nil when there is none in it.
    func redacted(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8]?
        for needle in needles {
            let current = result ?? []
            let haystack = result == nil ? text : current[...]
            guard var found = ByteSearch.find(needle, in: haystack, from: haystack.startIndex) else { continue }
            var output: [UInt8] = []
            var start = haystack.startIndex
            while true {
                output.append(contentsOf: haystack[start..<found])
                output.append(contentsOf: Self.replacement)
                start = found + needle.count
                guard let next = ByteSearch.find(needle, in: haystack, from: start) else { break }
                found = next
            }
            output.append(contentsOf: haystack[start...])
            result = output
        }
        return result
    }

    /// The text without secrets.
    package func redact(_ text: String) -> String {
        if needles.isEmpty { return text }
        let bytes = Array(text.utf8)
        return redacted(bytes[...]).map { String(decoding: $0, as: UTF8.self) } ?? text
    }
}
