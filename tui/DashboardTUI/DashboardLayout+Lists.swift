// SPDX-License-Identifier: Apache-2.0

import LogStore
import TerminalGrid

/// Pipeline, events and errors.
extension DashboardLayout {
    /// The lines of the Pipeline pane, for its drawing and for how far it can be scrolled.
    static func pipelineLines(_ view: ViewState, _ snapshot: DashboardSnapshot) -> [PipelineLine] {
        guard let row = view.selectedRow(snapshot) else { return [] }
        return row.stages.map { .stage($0) } + row.endpoints.map { .endpoint($0) }
    }

    enum PipelineLine {
        case stage(PipelineStage)
        case endpoint(String)
    }

    mutating func drawPipeline(_ placed: LayoutPlan.Placed) {
        let content = placed.content
        drawTitle(placed, "Pipeline \(view.selectedName(snapshot) ?? "")")
        let lines = Self.pipelineLines(view, snapshot)
        if lines.isEmpty {
            put("nothing saved yet", row: content.y, x: content.x + 1, width: content.width - 2, style: theme.label)
        }
        for (offset, line) in page(lines, placed).enumerated() {
            let row = content.y + offset
            switch line {
            case .stage(let stage):
                put(stage.name, row: row, x: content.x + 2, width: 9)
                put(stage.state.letter, row: row, x: content.x + 12, width: 1, style: theme.state(stage.state))
                let time = stage.milliseconds.map(Self.duration) ?? ""
                put(time, row: row, x: content.x + 21 - Self.columns(time), width: 8)
                put(stage.note, row: row, x: content.x + 23, width: content.width - 24, style: theme.label)
            case .endpoint(let url):
                put(url, row: row, x: content.x + 2, width: content.width - 3, style: theme.link)
            }
        }
    }

    mutating func drawEvents(_ placed: LayoutPlan.Placed) {
        let content = placed.content
        let events = view.events(snapshot)
        let filter = view.rowFilters[.events]
        let newer = view.eventAnchor.map { anchor in snapshot.events.count { $0.sequence > anchor } } ?? 0
        var right: [(String, Style)] = []
        if let filter { right.append(("/\(filter.text)", theme.message)) }
        if newer > 0 { right.append(("\(newer.grouped) newer", theme.message)) }
        drawTitle(placed, "Events", right: right)
        if events.isEmpty {
            let text = filter == nil ? "nothing happened yet" : "no event matches"
            put(text, row: content.y, x: content.x + 1, width: content.width - 2, style: theme.label)
        }
        let sourceWidth = min(
            content.width >= 90 ? 16 : 10, events.prefix(content.height).map { Self.columns($0.source) }.max() ?? 0)
        for (offset, event) in events.prefix(content.height).enumerated() {
            let row = content.y + offset
            let time = WallClock.time(event.time, offset: snapshot.utcOffset)
            var x = put(time, row: row, x: content.x + 1, width: 8, style: theme.time) + 1
            put(
                event.level == .unknown ? "." : event.level.letter, row: row, x: x, width: 1,
                style: theme.level(event.level))
            x += 2
            put(event.source, row: row, x: x, width: sourceWidth, style: theme.label)
            x += sourceWidth + 1
            put(event.text, row: row, x: x, width: content.x + content.width - 1 - x)
        }
    }

    mutating func drawErrors(_ placed: LayoutPlan.Placed) {
        let content = placed.content
        let errors = view.errors(snapshot)
        var right: [(String, Style)] = []
        if let filter = view.rowFilters[.errors] { right.append(("/\(filter.text)", theme.message)) }
        drawTitle(placed, "Errors (\(errors.count))", right: right)
        if errors.isEmpty {
            put("no errors", row: content.y, x: content.x + 1, width: content.width - 2, style: theme.label)
        }
        for (offset, error) in page(errors, placed).enumerated() {
            let row = content.y + offset
            let end = content.x + content.width - 1
            let style = error.diagnostic.isError ? theme.bad : theme.working
            var x = put(error.service, row: row, x: content.x + 1, width: 16, style: theme.label) + 1
            x = put(error.diagnostic.place, row: row, x: x, width: min(40, end - x), style: theme.name) + 1
            x = put(error.diagnostic.isError ? "error:" : "warning:", row: row, x: x, width: end - x, style: style) + 1
            put(error.diagnostic.message, row: row, x: x, width: end - x)
        }
    }

    /// The part of a list that a pane shows, as far as it is scrolled.
    private func page<Line>(_ lines: [Line], _ placed: LayoutPlan.Placed) -> ArraySlice<Line> {
        let height = placed.content.height
        let first = min(view.scroll[placed.pane] ?? 0, max(0, lines.count - height))
        return lines[first..<min(lines.count, first + height)]
    }

    /// `20 ms`, `1.71 s`, `2:05 min`.
    static func duration(_ milliseconds: Int) -> String {
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 60_000 {
            let hundredths = milliseconds / 10
            let rest = hundredths % 100
            return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) s"
        }
        let seconds = milliseconds / 1000
        return "\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60) min"
    }
}
