// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Finds byte sequences in byte sequences.
enum ByteSearch {
    /// Whether the text begins with `part`.
    static func begins(_ text: ArraySlice<UInt8>, with part: [UInt8]) -> Bool {
        part.count <= text.count && equal(text[..<(text.startIndex + part.count)], part)
    }

    /// Whether the text ends with `part`.
    static func ends(_ text: ArraySlice<UInt8>, with part: [UInt8]) -> Bool {
        part.count <= text.count && equal(text[(text.endIndex - part.count)...], part)
    }

    private static func equal(_ x: ArraySlice<UInt8>, _ y: [UInt8]) -> Bool {
        x.withUnsafeBytes { left in
            y.withUnsafeBytes { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                return memcmp(left, right, y.count) == 0
            }
        }
    }

    /// Where `part` first occurs; an empty part occurs at the start.
    static func first(of part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard let head = part.first else { return text.startIndex }
        guard part.count <= text.count else { return nil }
        var index = text.startIndex
        let last = text.endIndex - part.count
        while index <= last {
            guard let found = text[index...last].firstIndex(of: head) else { return nil }
            if text[found..<found + part.count].elementsEqual(part) { return found }
            index = found + 1
        }
        return nil
    }

    /// Where `part` last occurs; an empty part occurs at the end.
    static func last(of part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard part.count <= text.count else { return nil }
        var index = text.endIndex - part.count
        while index >= text.startIndex {
            if text[index..<index + part.count].elementsEqual(part) { return index }
            index -= 1
        }
        return nil
    }
}
