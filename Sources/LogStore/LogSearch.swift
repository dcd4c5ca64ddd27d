// SPDX-License-Identifier: Apache-2.0

/// A search over the lines of a scope: newest first through what is there, then forward through what arrives.
///
/// A value that is advanced in slices, so that typing never waits for it; it holds sequence numbers and no text.
package struct LogSearch: Sendable {
    package let pattern: LogPattern
    package let scope: LogScope

    /// Matches at or before the start of the search, newest first.
    private var older: [UInt64] = []
    /// Matches that arrived since, oldest first.
    private var newer: [UInt64] = []
    /// Everything after this was searched backwards.
    private var lowest: UInt64?
    /// Everything up to this was searched forwards.
    private var highest: UInt64?
    /// Whether the oldest line in memory has been reached.
    package private(set) var reachedOldest = false

    /// Lines of one slice of work; about a millisecond at 120 bytes a line.
    package static let slice = 4096

    package init(_ pattern: LogPattern, in scope: LogScope) {
        self.pattern = pattern
        self.scope = scope
    }

    /// Matches found so far.
    package var count: Int { older.count + newer.count }

    /// Searches at most about `limit` lines more.
    /// - Returns: whether there is more to search.
    package mutating func advance(in store: LogStore, limit: Int = LogSearch.slice) -> Bool {
        let newest = store.nextSequence - 1
        if lowest == nil {
            lowest = newest + 1
            highest = newest
        }
        let forward = searchForward(store, through: newest, limit)
        let backward = searchBackward(store, limit)
        return forward || backward
    }

    /// The newest match before `sequence`, which is not a match that counts itself.
    package func match(before sequence: UInt64) -> UInt64? {
        let position = Self.firstIndex(newer.count) { newer[$0] >= sequence }
        if position > 0 { return newer[position - 1] }
        let index = Self.firstIndex(older.count) { older[$0] < sequence }
        return index < older.count ? older[index] : nil
    }

    /// The oldest match after `sequence`.
    package func match(after sequence: UInt64) -> UInt64? {
        let index = Self.firstIndex(older.count) { older[$0] <= sequence }
        if index > 0 { return older[index - 1] }
        let position = Self.firstIndex(newer.count) { newer[$0] > sequence }
        return position < newer.count ? newer[position] : nil
    }

    /// The place of a match, 1 for the newest; nil when the line does not match.
    package func position(of sequence: UInt64) -> Int? {
        let position = Self.firstIndex(newer.count) { newer[$0] >= sequence }
        if position < newer.count, newer[position] == sequence { return newer.count - position }
        let index = Self.firstIndex(older.count) { older[$0] <= sequence }
        return index < older.count && older[index] == sequence ? newer.count + index + 1 : nil
    }

    /// The last `limit` matches up to and with `sequence`, ascending.
    package func matches(through sequence: UInt64, limit: Int) -> [UInt64] {
        var found: [UInt64] = []
        var position = Self.firstIndex(newer.count) { newer[$0] > sequence }
        while position > 0, found.count < limit {
            position -= 1
            found.append(newer[position])
        }
        var index = Self.firstIndex(older.count) { older[$0] <= sequence }
        while index < older.count, found.count < limit {
            found.append(older[index])
            index += 1
        }
        return found.reversed()
    }

    /// Matches after `sequence`, at most `limit`, ascending.
    package func matches(after sequence: UInt64, limit: Int) -> [UInt64] {
        var found: [UInt64] = []
        var last = sequence
        while found.count < limit, let next = match(after: last) {
            found.append(next)
            last = next
        }
        return found
    }

    private mutating func searchForward(_ store: LogStore, through newest: UInt64, _ limit: Int) -> Bool {
        guard let start = highest, start < newest else { return false }
        // A slice in sequence numbers, so that every source is searched up to the same place.
        let end = min(newest, start + UInt64(limit))
        var found: [UInt64] = []
        for log in store.snapshot(scope) {
            log.forEachForward(after: start) { chunk, record in
                guard record.sequence <= end else { return false }
                if pattern.matches(chunk.text(of: record)) { found.append(record.sequence) }
                return true
            }
        }
        newer += found.sorted()
        highest = end
        return end < newest
    }

    private mutating func searchBackward(_ store: LogStore, _ limit: Int) -> Bool {
        guard !reachedOldest, let end = lowest, end > 1 else {
            reachedOldest = true
            return false
        }
        let start = end > UInt64(limit) ? end - UInt64(limit) : 1
        var found: [UInt64] = []
        var isMore = false
        for log in store.snapshot(scope) {
            log.forEachBackward(from: end - 1) { chunk, record in
                guard record.sequence >= start else {
                    isMore = true
                    return false
                }
                if pattern.matches(chunk.text(of: record)) { found.append(record.sequence) }
                return true
            }
        }
        older += found.sorted(by: >)
        lowest = start
        reachedOldest = !isMore
        return isMore
    }

    /// The first index of `0..<count` for which a condition holds that stays true once it is.
    private static func firstIndex(_ count: Int, where condition: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if condition(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
