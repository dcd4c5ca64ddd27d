// SPDX-License-Identifier: Apache-2.0

/// What a user searches for: a piece of text, with case only when it has an upper-case letter.
package struct LogPattern: Hashable, Sendable {
    /// As typed.
    package let text: String
    private let needle: [UInt8]
    private let ignoresCase: Bool

    /// - Returns: nil for an empty text.
    package init?(_ text: String) {
        guard !text.isEmpty else { return nil }
        self.text = text
        let bytes = Array(text.utf8)
        ignoresCase = !bytes.contains { $0 >= 0x41 && $0 <= 0x5A }
        needle = bytes
    }

    /// Whether the text occurs.
    package func matches(_ line: ArraySlice<UInt8>) -> Bool { find(in: line, from: line.startIndex) != nil }

    /// Whether the text occurs in a name or message.
    package func matches(_ text: String) -> Bool { matches(Array(text.utf8)[...]) }

    /// Where the text occurs, from left to right, without overlaps.
    package func ranges(in line: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        while let hit = find(in: line[...], from: start) {
            ranges.append(hit..<(hit + needle.count))
            start = hit + needle.count
        }
        return ranges
    }

    private func find(in line: ArraySlice<UInt8>, from start: Int) -> Int? {
        ignoresCase
            ? ByteSearch.findIgnoringCase(needle, in: line, from: start)
            : ByteSearch.find(needle, in: line, from: start)
    }
}
