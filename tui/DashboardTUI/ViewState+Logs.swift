// SPDX-License-Identifier: Apache-2.0

import LogStore

extension ViewState {
    /// The lines that fill `rows` rows, oldest first; fewer when there are not more.
    func visibleLines(_ snapshot: DashboardSnapshot, rows: Int) -> [LogLine] {
        let bottom = logBottom ?? .max
        let lines = linesThrough(bottom, snapshot, limit: rows)
        // What was in view has been evicted: the page begins at the oldest line that is left.
        if logBottom != nil, lines.count < rows { return linesAfter(0, snapshot, limit: rows) }
        return lines
    }

    /// Lines up to and with a sequence, as far as they pass the filter.
    func linesThrough(_ sequence: UInt64, _ snapshot: DashboardSnapshot, limit: Int) -> [LogLine] {
        let scope = logScope(snapshot)
        guard let filter else { return snapshot.logs.lines(scope, through: sequence, limit: limit) }
        return snapshot.logs.lines(scope, sequences: filter.matches(through: sequence, limit: limit))
    }

    /// Lines after a sequence, as far as they pass the filter.
    func linesAfter(_ sequence: UInt64, _ snapshot: DashboardSnapshot, limit: Int) -> [LogLine] {
        let scope = logScope(snapshot)
        guard let filter else { return snapshot.logs.lines(scope, after: sequence, limit: limit) }
        return snapshot.logs.lines(scope, sequences: filter.matches(after: sequence, limit: limit))
    }

    /// Moves the page; up pauses, down stays paused.
    mutating func scrollLogs(by delta: Int, _ snapshot: DashboardSnapshot, rows: Int) {
        let rows = max(1, rows)
        guard let bottom = logBottom ?? linesThrough(.max, snapshot, limit: 1).last?.sequence else { return }
        if delta < 0 {
            let lines = linesThrough(bottom, snapshot, limit: rows - delta)
            let step = min(-delta, max(0, lines.count - rows))
            logBottom = lines.isEmpty ? bottom : lines[lines.count - 1 - step].sequence
        } else if logBottom != nil {
            logBottom = linesAfter(bottom, snapshot, limit: delta).last?.sequence ?? bottom
        }
    }

    /// Shows the oldest page.
    mutating func showOldestLogs(_ snapshot: DashboardSnapshot, rows: Int) {
        logBottom = linesAfter(0, snapshot, limit: max(1, rows)).last?.sequence ?? logBottom
    }

    /// Brings a line into view, in the middle when it is not in view yet, and pauses.
    mutating func show(_ sequence: UInt64, _ snapshot: DashboardSnapshot, rows: Int) {
        let visible = visibleLines(snapshot, rows: rows)
        if visible.contains(where: { $0.sequence == sequence }) {
            logBottom = logBottom ?? visible.last?.sequence
        } else {
            logBottom = linesAfter(sequence, snapshot, limit: max(1, rows / 2)).last?.sequence ?? sequence
        }
    }

    /// Jumps to a match before or after the current one.
    mutating func jump(older: Bool, _ snapshot: DashboardSnapshot, rows: Int) {
        guard let search else {
            message = "nothing searched yet: press /"
            return
        }
        let bottom = visibleLines(snapshot, rows: rows).last?.sequence ?? 0
        let from = currentMatch ?? (bottom + 1)
        guard let match = older ? search.match(before: from) : search.match(after: from) else {
            let rest = search.reachedOldest ? "" : " so far"
            message = "no \(older ? "older" : "newer") match of \"\(search.pattern.text)\"\(rest)"
            return
        }
        currentMatch = match
        show(match, snapshot, rows: rows)
    }

    /// Jumps to an error line before or after the page.
    mutating func jumpToError(older: Bool, _ snapshot: DashboardSnapshot, rows: Int) {
        let bottom = visibleLines(snapshot, rows: rows).last?.sequence ?? 0
        let from = currentMatch ?? (older ? bottom + 1 : bottom)
        let scope = logScope(snapshot)
        guard let found = snapshot.logs.nearest(.error, scope, from: from, older: older) else {
            message = "no \(older ? "earlier" : "later") error line"
            return
        }
        currentMatch = found
        show(found, snapshot, rows: rows)
    }

    /// Advances search and filter by at most `budget` slices; called before a layout.
    /// - Returns: whether there is more to search.
    package mutating func advanceSearch(_ snapshot: DashboardSnapshot, rows: Int, slices: Int) -> Bool {
        let scope = logScope(snapshot)
        if let search, search.scope != scope { self.search = LogSearch(search.pattern, in: scope) }
        if let filter, filter.scope != scope { self.filter = LogSearch(filter.pattern, in: scope) }
        var isMore = false
        for _ in 0..<slices {
            let searching = search?.advance(in: snapshot.logs) ?? false
            let filtering = filter?.advance(in: snapshot.logs) ?? false
            isMore = searching || filtering
            if !isMore { break }
        }
        if awaitsFirstMatch, let search {
            if search.count > 0 {
                awaitsFirstMatch = false
                jump(older: true, snapshot, rows: rows)
            } else if search.reachedOldest {
                awaitsFirstMatch = false
                message = "no match of \"\(search.pattern.text)\""
            }
        }
        return isMore
    }
}
