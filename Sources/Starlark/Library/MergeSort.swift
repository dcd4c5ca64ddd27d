// SPDX-License-Identifier: Apache-2.0

/// A stable sort whose comparison may fail.
enum MergeSort {
    /// Sorts in place. `precedes(later, earlier)` says whether an element must move before one that stands before it.
    static func sort<T>(_ elements: inout [T], _ precedes: (T, T) throws -> Bool) throws {
        var width = 1
        var source = elements
        while width < source.count {
            var merged: [T] = []
            merged.reserveCapacity(source.count)
            var start = 0
            while start < source.count {
                let middle = min(start + width, source.count)
                let end = min(start + 2 * width, source.count)
                var (left, right) = (start, middle)
                while left < middle && right < end {
                    if try precedes(source[right], source[left]) {
                        merged.append(source[right])
                        right += 1
                    } else {
                        merged.append(source[left])
                        left += 1
                    }
                }
                merged += source[left..<middle]
                merged += source[right..<end]
                start = end
            }
            source = merged
            width *= 2
        }
        elements = source
    }
}
