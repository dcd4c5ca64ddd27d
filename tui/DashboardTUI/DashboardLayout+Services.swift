// SPDX-License-Identifier: Apache-2.0

import LogStore
import TerminalGrid

extension DashboardLayout {
    /// Columns of the Services pane at a width; 0 leaves one out.
    struct ServiceColumns {
        /// `> x ` before the name.
        static let marker = 4
        var name = 0
        var build = 10
        var deploy = 7
        var pod = 11
        var restarts = 0
        var last = 0

        /// Shares out the width: the name gets what it needs, then the optional columns, then the build text.
        init(width: Int, longestName: Int) {
            let fixed = Self.marker + build + deploy + pod + 4
            name = min(max(8, longestName), max(8, width - fixed))
            var rest = width - fixed - name
            if rest >= 5 {
                restarts = 3
                rest -= 4
            }
            if rest >= 10 {
                last = 8
                rest -= 10
            }
            let more = min(rest, 8)
            if more > 0 { build += more }
            rest -= max(0, more)
            if rest > 3 { deploy += min(6, rest - 2) }
        }
    }

    mutating func drawServices(_ placed: LayoutPlan.Placed) {
        let rows = view.services(snapshot)
        let filter = view.rowFilters[.services]
        let count = filter == nil ? "\(rows.count)" : "\(rows.count)/\(snapshot.services.count)"
        var right = counts()
        if let filter { right.insert(("/\(filter.text)", theme.message), at: 0) }
        drawTitle(placed, "Services (\(count))", right: right)
        let content = placed.content
        var top = content.y
        let longest = snapshot.services.map { Self.columns($0.name) }.max() ?? 0
        let columns = ServiceColumns(width: content.width, longestName: longest)
        if plan.hasColumnTitles(placed) {
            drawCells(
                columns, top, content, ["NAME", "BUILD", "DEPLOY", "POD", "RST", "LAST"],
                Array(repeating: theme.column, count: 6))
            top += 1
        }
        let height = content.y + content.height - top
        if rows.isEmpty {
            let text = snapshot.services.isEmpty ? "no resources yet" : "no resource matches"
            put(text, row: top, x: content.x + 1, width: content.width - 2, style: theme.label)
            return
        }
        let selected = view.selectedName(snapshot)
        let index = rows.firstIndex { $0.name == selected } ?? 0
        let first = min(max(0, index - height + 1), max(0, rows.count - height))
        for (offset, service) in rows[first..<min(rows.count, first + height)].enumerated() {
            draw(service, isSelected: service.name == selected, columns, top + offset, content)
        }
    }

    private mutating func draw(
        _ service: ServiceRow, isSelected: Bool, _ columns: ServiceColumns, _ row: Int, _ content: GridRect
    ) {
        var pod = service.pod
        if columns.restarts == 0, service.restarts > 0 { pod += " \(service.restarts)" }
        let last = service.lastUpdate.map { WallClock.time($0, offset: snapshot.utcOffset) } ?? ""
        let state = theme.state(service.state)
        // Why a resource waits is a sentence; it gets the room of the build column when that is empty.
        let isHeld = service.build.isEmpty && Self.columns(service.deploy) > columns.deploy
        let texts = [service.name, service.build, isHeld ? "" : service.deploy, pod, "\(service.restarts)", last]
        let build = service.build.hasPrefix("FAIL") ? theme.bad : service.state == .working ? theme.working : .plain
        let styles: [Style] = [
            isSelected ? theme.name : .plain, build, .plain, service.state == .crashLoop ? state : .plain,
            service.restarts > 0 ? theme.message : theme.label, theme.time,
        ]
        drawCells(columns, row, content, texts, styles)
        if isHeld {
            let x = content.x + ServiceColumns.marker + columns.name + 1
            put(service.deploy, row: row, x: x, width: columns.build + 1 + columns.deploy, style: theme.label)
        }
        put(isSelected ? ">" : " ", row: row, x: content.x, width: 1, style: theme.name)
        put(service.state.letter, row: row, x: content.x + 2, width: 1, style: state)
        if isSelected, view.focus == .services {
            grid.restyle(row: row, columns: content.x..<(content.x + content.width)) { $0.adding(.reverse) }
        }
    }

    /// Writes six texts into their columns; the restarts are right-aligned.
    private mutating func drawCells(
        _ columns: ServiceColumns, _ row: Int, _ content: GridRect, _ texts: [String], _ styles: [Style]
    ) {
        let widths = [columns.name, columns.build, columns.deploy, columns.pod, columns.restarts, columns.last]
        var x = content.x + ServiceColumns.marker
        for (index, width) in widths.enumerated() where width > 0 {
            let indent = index == 4 ? max(0, width - Self.columns(texts[index])) : index == 5 ? 1 : 0
            let room = min(width, content.x + content.width - x - indent)
            put(texts[index], row: row, x: x + indent, width: room, style: styles[index])
            x += width + (index == 5 ? 2 : 1)
        }
    }

    /// `1 FAIL`, `2 building`, `1 crash`: what needs attention.
    private func counts() -> [(String, Style)] {
        let table: [(ServiceState, String)] = [(.failed, "FAIL"), (.crashLoop, "crash"), (.working, "working")]
        return table.compactMap { state, word in
            let count = snapshot.services.count { $0.state == state }
            return count == 0 ? nil : ("\(count) \(word)", theme.state(state))
        }
    }
}
