// SPDX-License-Identifier: Apache-2.0

import LogStore
import TerminalGrid

extension DashboardLayout {
    /// A line ready to draw: its scalars, and the range of them on each row.
    private struct PreparedLine {
        var line: LogLine
        var text: SanitizedText
        var rows: [Range<Int>]
    }

    /// Columns before the text: time, source, level.
    private struct LogPrefix {
        var time: Int
        var source: Int
        var hasFraction: Bool
        var total: Int { time + source + 2 }
    }

    mutating func drawLogs(_ placed: LayoutPlan.Placed) {
        let content = placed.content
        let scope = view.logScope(snapshot)
        drawTitle(placed, logTitle(scope), right: logStatus(scope))
        let rows = content.height
        guard rows > 0 else { return }
        let lines = view.visibleLines(snapshot, rows: rows)
        guard !lines.isEmpty else {
            put(emptyText(scope), row: content.y, x: content.x + 1, width: content.width - 2, style: theme.label)
            return
        }
        let prefix = logPrefix(scope, lines, content.width)
        let width = max(1, content.width - 2 - prefix.total)
        var prepared = lines.map { prepare($0, width: width, rows: rows) }
        var note: String?
        if view.logBottom != nil { note = evictedNote(scope, first: lines[0]) }
        let room = rows - (note == nil ? 0 : 1)
        if note != nil {
            while prepared.reduce(0, { $0 + $1.rows.count }) > room, prepared.count > 1 { prepared.removeLast() }
        } else {
            while prepared.reduce(0, { $0 + $1.rows.count }) > room, prepared.count > 1 { prepared.removeFirst() }
        }
        var row = content.y
        if let note {
            put(note, row: row, x: content.x + 1, width: content.width - 2, style: theme.message)
            row += 1
        }
        for line in prepared { row = draw(line, prefix, row, content, width) }
    }

    private mutating func draw(
        _ prepared: PreparedLine, _ prefix: LogPrefix, _ start: Int, _ content: GridRect, _ width: Int
    ) -> Int {
        let line = prepared.line
        let isCurrent = line.sequence == view.currentMatch
        var x = content.x + 1
        if isCurrent { grid.put(">", row: start, column: content.x, limit: 1, style: theme.message) }
        if prefix.time > 0 {
            if !line.isContinuation {
                let time = WallClock.time(line.time, offset: snapshot.utcOffset, fraction: prefix.hasFraction)
                grid.put(time, row: start, column: x, limit: prefix.time, style: theme.time)
            }
            x += prefix.time
        }
        if prefix.source > 0 {
            put(line.source.name, row: start, x: x, width: prefix.source - 1, style: theme.source(line.source.index))
            x += prefix.source
        }
        grid.put(
            line.isContinuation ? "+" : line.level.letter, row: start, column: x, limit: 1,
            style: theme.level(line.level))
        x += 2
        let matches = matched(prepared.text)
        var row = start
        for range in prepared.rows where row < content.y + content.height {
            var pen = Grid.Pen(row: row, column: x, end: x + width)
            for index in range {
                pen.style = prepared.text.styles.isEmpty ? .plain : prepared.text.styles[index]
                if matches.contains(index) { pen.style = isCurrent ? theme.currentMatch : theme.match }
                grid.put(prepared.text.scalars[index], at: &pen)
            }
            row += 1
        }
        return row
    }

    /// Cuts a line to what its rows show: one row from the column on, or as many as wrapping needs.
    private func prepare(_ line: LogLine, width: Int, rows: Int) -> PreparedLine {
        let limit = view.wrapsLogs ? width * rows : view.logColumn + width + 1
        let text = SanitizedText(line.bytes, limit: limit, colors: theme.usesColor)
        var ranges: [Range<Int>] = []
        var start = 0
        var columns = 0
        if view.wrapsLogs {
            for (index, scalar) in text.scalars.enumerated() {
                let more = ScalarWidth.of(scalar)
                if columns + more > width {
                    ranges.append(start..<index)
                    (start, columns) = (index, 0)
                }
                columns += more
            }
            ranges.append(start..<text.scalars.count)
        } else {
            while start < text.scalars.count, columns < view.logColumn {
                columns += ScalarWidth.of(text.scalars[start])
                start += 1
            }
            ranges = [start..<text.scalars.count]
        }
        return PreparedLine(line: line, text: text, rows: ranges)
    }

    /// Indices of the scalars that a search or filter found.
    private func matched(_ text: SanitizedText) -> Set<Int> {
        let patterns = [view.search?.pattern, view.filter?.pattern].compactMap { $0 }
        guard !patterns.isEmpty else { return [] }
        var bytes: [UInt8] = []
        var owner: [Int] = []
        for (index, scalar) in text.scalars.enumerated() {
            for byte in UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter {
                bytes.append(byte)
                owner.append(index)
            }
        }
        var found: Set<Int> = []
        for pattern in patterns {
            for range in pattern.ranges(in: bytes) { found.formUnion(owner[range]) }
        }
        return found
    }

    private func logPrefix(_ scope: LogScope, _ lines: [LogLine], _ width: Int) -> LogPrefix {
        let isMerged = scope == .all
        let hasFraction = width >= (isMerged ? 90 : 70)
        var source = 0
        if isMerged {
            let longest = snapshot.logs.sources.map { Self.columns($0.name) }.max() ?? 0
            source = min(longest, width >= 90 ? 18 : 12) + 1
        }
        return LogPrefix(time: view.showsTimes ? (hasFraction ? 13 : 9) : 0, source: source, hasFraction: hasFraction)
    }

    private func logTitle(_ scope: LogScope) -> String {
        switch scope {
        case .all: "Logs all services"
        case .source(let name): "Logs \(name)"
        }
    }

    /// The right part of the title: search, filter, follow or pause, how many lines.
    private func logStatus(_ scope: LogScope) -> [(String, Style)] {
        var parts: [(String, Style)] = []
        if let filter = view.filter {
            parts.append(
                ("&\(filter.pattern.text) \(filter.count.grouped)\(filter.reachedOldest ? "" : "+")", theme.message))
        }
        if let search = view.search {
            let place = view.currentMatch.flatMap { search.position(of: $0) }.map { "\($0.grouped)/" } ?? ""
            parts.append(("match \(place)\(search.count.grouped)\(search.reachedOldest ? "" : "+")", theme.message))
        }
        let counts = snapshot.logs.counts(scope)
        if let bottom = view.logBottom {
            let below = snapshot.logs.count(scope, after: bottom)
            parts.append((below > 0 ? "PAUSED +\(below.grouped) below" : "PAUSED", theme.message))
        } else {
            parts.append(("FOLLOW", theme.good))
            if view.search == nil { parts.append(("\(counts.written.grouped) lines", theme.label)) }
        }
        return parts
    }

    private func emptyText(_ scope: LogScope) -> String {
        if let filter = view.filter {
            return filter.reachedOldest ? "no line has \"\(filter.pattern.text)\", Esc shows all" : "searching"
        }
        switch scope {
        case .all: return "no output yet"
        case .source(let name): return "no output from \(name) yet"
        }
    }

    /// Says that older lines are not in memory, when the page begins with the oldest that is.
    private func evictedNote(_ scope: LogScope, first: LogLine) -> String? {
        let evicted = snapshot.logs.counts(scope).evicted
        guard evicted > 0, view.filter == nil else { return nil }
        guard snapshot.logs.lines(scope, after: 0, limit: 1).first?.sequence == first.sequence else { return nil }
        let place = snapshot.logs.fullLogPath(scope).map { ", full log: \($0)" } ?? ""
        return "\(evicted.grouped) older lines are not in memory\(place)"
    }
}
