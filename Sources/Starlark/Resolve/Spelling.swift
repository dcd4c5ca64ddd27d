// SPDX-License-Identifier: Apache-2.0

/// Finds what a misspelt name was probably meant to be.
package enum Spelling {
    /// The candidate nearest to `name`, ignoring case and underscores; nil when none is within half of its length.
    package static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let wanted = fold(name)
        var best: String?
        var bestDistance = (wanted.count + 1) / 2
        for candidate in candidates.sorted() {
            let distance = distance(wanted, fold(candidate), limit: bestDistance)
            if distance < bestDistance {
                bestDistance = distance
                best = candidate
            }
        }
        return best
    }

    private static func fold(_ name: String) -> [UInt8] {
        name.utf8.compactMap { byte in
            if byte == UInt8(ascii: "_") { return nil }
            return byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte + 32 : byte
        }
    }

    /// The Levenshtein distance, or some number above `limit` once it is sure to exceed it.
    private static func distance(_ left: [UInt8], _ right: [UInt8], limit: Int) -> Int {
        if abs(left.count - right.count) > limit { return limit + 1 }
        var row = Array(0...right.count)
        for i in left.indices {
            var diagonal = row[0]
            row[0] = i + 1
            var smallest = row[0]
            for j in right.indices {
                let substituted = diagonal + (left[i] == right[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
                smallest = min(smallest, row[j + 1])
            }
            if smallest > limit { return limit + 1 }
        }
        return row[right.count]
    }
}
