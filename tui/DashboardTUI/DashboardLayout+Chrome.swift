// SPDX-License-Identifier: Apache-2.0

import LogStore
import TerminalGrid

/// Header, banner, footer and help.
extension DashboardLayout {
    mutating func drawHeader() {
        var parts: [(label: String, value: String, rank: Int)] = [
            ("ctx", snapshot.context, 1), ("ns", snapshot.namespace, 2), ("spec", snapshot.specFile, 4),
            ("since", String(WallClock.time(snapshot.sessionStart, offset: snapshot.utcOffset).prefix(5)), 3),
        ].filter { !$0.value.isEmpty }
        var right = snapshot.sessionState
        if snapshot.droppedLines > 0 { right = "\(snapshot.droppedLines.grouped) log lines lost  \(right)" }
        func width() -> Int { parts.reduce(8) { $0 + 3 + Self.columns($1.label) + Self.columns($1.value) } }
        let wanted = min(Self.columns(right), plan.size.width / 2)
        while width() + wanted + 3 > plan.size.width, let last = parts.max(by: { $0.rank < $1.rank }) {
            parts.removeAll { $0.rank == last.rank }
        }
        var x = put(" devloop", row: 0, x: 0, width: plan.size.width, style: theme.brand)
        for part in parts {
            x = put("  \(part.label) ", row: 0, x: x, width: plan.size.width - x, style: theme.label)
            x = put(part.value, row: 0, x: x, width: plan.size.width - x)
        }
        let room = plan.size.width - x - 3
        let start = plan.size.width - 1 - min(room, Self.columns(right))
        let isCalm = snapshot.banner.isEmpty && snapshot.droppedLines == 0
        put(right, row: 0, x: start, width: room, style: isCalm ? theme.good : theme.bad)
    }

    mutating func drawBanner() {
        for (index, line) in snapshot.banner.prefix(plan.bannerRows).enumerated() {
            let style = index == 0 ? theme.banner : theme.bannerHint
            let row = 1 + index
            if index == 0 { grid.fill(GridRect(x: 0, y: row, width: plan.size.width, height: 1), style: style) }
            put(" \(line)", row: row, x: 0, width: plan.size.width - 1, style: style)
        }
    }

    mutating func drawFooter() {
        let row = plan.size.height - 1
        let width = plan.size.width
        grid.fill(GridRect(x: 0, y: row, width: width, height: 1))
        switch view.mode {
        case .input(let input, let text):
            let mark = input == .filter ? "&" : "/"
            let hint = "  Enter keep  Esc clear"
            let shown = String(text.suffix(max(8, width - 30)))
            let x = put(" \(mark)\(shown)", row: row, x: 0, width: width - 1, style: theme.name)
            grid.fill(GridRect(x: x, y: row, width: 1, height: 1), style: Style(.standard, .reverse))
            put(hint, row: row, x: x + 1, width: width - x - 2, style: theme.keyLabel)
        case .confirmQuit:
            put(
                " end the session? what runs keeps running.  y or Enter ends it, any other key stays", row: row, x: 0,
                width: width, style: theme.message)
        case .normal, .help:
            if let message = view.message {
                put(" \(message)", row: row, x: 0, width: width, style: theme.message)
            } else {
                drawKeys(row, width)
            }
        }
    }

    private mutating func drawKeys(_ row: Int, _ width: Int) {
        let bindings = KeyTable.bindings(in: view.focus)
        var hints = bindings.compactMap { binding in
            binding.footer.map { (key: binding.keys.first?.description ?? "", label: $0) }
        }
        // What the spec's author put there comes first.
        hints = zip(ButtonRow.digits, view.buttons(snapshot)).map { (key: String($0), label: $1.text) } + hints
        func total() -> Int { hints.reduce(1) { $0 + Self.columns($1.key) + Self.columns($1.label) + 3 } - 2 }
        // Help and quit stay, whatever else has to go.
        while total() > width, hints.count > 2 { hints.remove(at: hints.count - 3) }
        var x = 1
        for hint in hints {
            x = put(hint.key, row: row, x: x, width: width - x, style: theme.key)
            x = put(" \(hint.label)", row: row, x: x, width: width - x, style: theme.keyLabel) + 2
        }
    }

    mutating func drawHelp(_ scroll: Int) {
        let bindings = KeyTable.bindings(in: view.focus)
        let keys = bindings.map { $0.keys.map(\.description).joined(separator: " ") }
        let keyWidth = keys.map(Self.columns).max() ?? 0
        let width = min(plan.size.width - 4, keyWidth + 2 + (bindings.map { Self.columns($0.help) }.max() ?? 0) + 4)
        let legend = "+ good  ~ working  x failed  ! crash loop  . idle"
        let lines = bindings.count + 2
        let height = min(plan.size.height - 2, lines + 2)
        let frame = GridRect(
            x: (plan.size.width - width) / 2, y: (plan.size.height - height) / 2, width: width, height: height)
        grid.fill(frame)
        drawHelpFrame(frame)
        let first = min(scroll, max(0, lines - (height - 2)))
        for row in 0..<(height - 2) {
            let index = first + row
            let (x, y) = (frame.x + 2, frame.y + 1 + row)
            if index < bindings.count {
                put(keys[index], row: y, x: x, width: keyWidth, style: theme.key)
                put(bindings[index].help, row: y, x: x + keyWidth + 2, width: width - keyWidth - 6)
            } else if index == bindings.count + 1 {
                put(legend, row: y, x: x, width: width - 4, style: theme.label)
            }
        }
        let isMore = first + height - 2 < lines
        let names: [Pane: String] = [
            .services: "Services", .pipeline: "Pipeline", .logs: "Logs", .events: "Events", .errors: "Errors",
        ]
        put(
            " Keys in \(names[view.focus] ?? "") ", row: frame.y, x: frame.x + 2, width: width - 4,
            style: theme.focusedTitle)
        put(
            isMore || first > 0 ? " j k scroll, any other key closes " : " any key closes ",
            row: frame.y + height - 1, x: frame.x + 2, width: width - 4, style: theme.label)
    }

    private mutating func drawHelpFrame(_ frame: GridRect) {
        let style = theme.focusedBorder
        let (bottom, right) = (frame.y + frame.height - 1, frame.x + frame.width - 1)
        for row in [frame.y, bottom] {
            grid.fill(
                GridRect(x: frame.x, y: row, width: frame.width, height: 1), style: style, glyph: theme.horizontal)
        }
        for column in [frame.x, right] {
            grid.fill(
                GridRect(x: column, y: frame.y + 1, width: 1, height: frame.height - 2), style: style,
                glyph: theme.vertical)
        }
        let ends = [(frame.x, frame.y), (right, frame.y), (frame.x, bottom), (right, bottom)]
        for (index, (x, y)) in ends.enumerated() {
            grid.fill(GridRect(x: x, y: y, width: 1, height: 1), style: style, glyph: theme.corners[index])
        }
    }
}
