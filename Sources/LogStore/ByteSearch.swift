// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Finds bytes in bytes.
enum ByteSearch {
    /// The index of the first occurrence at or after `start`; nil without one.
    static func find(_ needle: [UInt8], in haystack: ArraySlice<UInt8>, from start: Int) -> Int? {
        guard !needle.isEmpty, start + needle.count <= haystack.endIndex else { return nil }
        return haystack.withUnsafeBufferPointer { buffer -> Int? in
            guard let base = buffer.baseAddress else { return nil }
            let last = buffer.count - needle.count
            var index = start - haystack.startIndex
            while index <= last, let hit = memchr(base + index, CInt(needle[0]), last - index + 1) {
                index = UnsafeRawPointer(hit) - UnsafeRawPointer(base)
                if memcmp(base + index, needle, needle.count) == 0 { return haystack.startIndex + index }
                index += 1
            }
            return nil
        }
    }

    /// As ``find(_:in:from:)`` with ASCII letters compared without case; `needle` must be in lower case.
    static func findIgnoringCase(_ needle: [UInt8], in haystack: ArraySlice<UInt8>, from start: Int) -> Int? {
        guard let first = needle.first, start + needle.count <= haystack.endIndex else { return nil }
        return haystack.withUnsafeBufferPointer { buffer -> Int? in
            needle.withUnsafeBufferPointer { needle -> Int? in
                var index = start - haystack.startIndex
                let last = buffer.count - needle.count
                while index <= last {
                    if lower(buffer[index]) == first {
                        var offset = 1
                        while offset < needle.count, lower(buffer[index + offset]) == needle[offset] { offset += 1 }
                        if offset == needle.count { return haystack.startIndex + index }
                    }
                    index += 1
                }
                return nil
            }
        }
    }

    @inline(__always)
    private static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
}
