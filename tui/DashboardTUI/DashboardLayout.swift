// SPDX-License-Identifier: Apache-2.0

package import TerminalGrid

/// Turns a snapshot and a view into cells. Without clock, terminal or memory: the same input gives the same grid.
package struct DashboardLayout {
    let snapshot: DashboardSnapshot
    let view: ViewState
    let theme: Theme
    let plan: LayoutPlan
    var grid: Grid

    private init(_ snapshot: DashboardSnapshot, _ view: ViewState, _ size: GridSize, _ theme: Theme) {
        self.snapshot = snapshot
        self.view = view
        self.theme = theme
        plan = LayoutPlan(size: size, snapshot: snapshot, view: view)
        grid = Grid(size)
    }

    /// The whole screen.
    package static func grid(
        _ snapshot: DashboardSnapshot, _ view: ViewState, size: GridSize, theme: Theme = Theme()
    ) -> Grid {
        var layout = DashboardLayout(snapshot, view, size, theme)
        if layout.plan.panes.isEmpty {
            layout.drawTooSmall()
            return layout.grid
        }
        layout.drawHeader()
        layout.drawBanner()
        for column in layout.plan.columns { layout.drawFrame(column) }
        for placed in layout.plan.panes { layout.draw(placed) }
        if case .help(let scroll) = view.mode { layout.drawHelp(scroll) }
        layout.drawFooter()
        return layout.grid
    }

    private mutating func draw(_ placed: LayoutPlan.Placed) {
        switch placed.pane {
        case .services: drawServices(placed)
        case .pipeline: drawPipeline(placed)
        case .logs: drawLogs(placed)
        case .events: drawEvents(placed)
        case .errors: drawErrors(placed)
        }
    }

    private mutating func drawTooSmall() {
        guard plan.size.height > 0 else { return }
        let need = LayoutPlan.smallest
        put(
            "terminal is \(plan.size), devloop needs \(need); it goes on working", row: 0, x: 0, width: plan.size.width,
            style: theme.message)
    }

    // MARK: Text

    /// Writes text that may come from anywhere, cut with an ellipsis when it is too long.
    /// - Returns: the column after it.
    @discardableResult
    mutating func put(_ text: String, row: Int, x: Int, width: Int, style: Style = .plain) -> Int {
        let text = SanitizedText.string(text)
        guard width > 0 else { return x }
        guard Self.columns(text) > width else { return grid.put(text, row: row, column: x, limit: width, style: style) }
        let mark = Self.columns(theme.ellipsis) < width ? theme.ellipsis : ""
        let end = grid.put(text, row: row, column: x, limit: width - Self.columns(mark), style: style)
        return grid.put(mark, row: row, column: end, style: style)
    }

    /// The columns that a text takes.
    static func columns(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + ScalarWidth.of($1.value) }
    }

    // MARK: Frames

    private mutating func drawFrame(_ frame: GridRect) {
        let style = theme.border
        let (top, bottom) = (frame.y, frame.y + frame.height - 1)
        let (left, right) = (frame.x, frame.x + frame.width - 1)
        for row in [top, bottom] {
            grid.fill(GridRect(x: left, y: row, width: frame.width, height: 1), style: style, glyph: theme.horizontal)
        }
        for column in [left, right] {
            grid.fill(
                GridRect(x: column, y: top + 1, width: 1, height: frame.height - 2), style: style, glyph: theme.vertical
            )
        }
        let ends = [(left, top), (right, top), (left, bottom), (right, bottom)]
        for (index, (x, y)) in ends.enumerated() { corner(index, x, y) }
    }

    private mutating func corner(_ index: Int, _ x: Int, _ y: Int, _ style: Style? = nil) {
        grid.fill(GridRect(x: x, y: y, width: 1, height: 1), style: style ?? theme.border, glyph: theme.corners[index])
    }

    /// The title in a pane's upper border: `┌> 1 Services (5) ──── 1 FAIL ─┐`.
    mutating func drawTitle(_ placed: LayoutPlan.Placed, _ title: String, right: [(String, Style)] = []) {
        let content = placed.content
        let row = placed.titleRow
        let isFocused = view.focus == placed.pane
        if !plan.columns.contains(where: { $0.y == row }) {
            grid.fill(
                GridRect(x: content.x, y: row, width: content.width, height: 1), style: theme.border,
                glyph: theme.horizontal)
            corner(4, content.x - 1, row)
            corner(5, content.x + content.width, row)
        }
        let shown = right.filter { !$0.0.isEmpty }
        let rightWidth = shown.isEmpty ? 0 : shown.reduce(1) { $0 + Self.columns($1.0) + 2 } - 1
        if isFocused {
            grid.fill(GridRect(x: content.x, y: row, width: 1, height: 1), style: theme.focusedTitle, glyph: 0x3E)
        }
        let room = content.width - 4 - (rightWidth > content.width / 2 ? 0 : rightWidth)
        var x = put(
            " \(placed.pane.rawValue) \(title) ", row: row, x: content.x + 1, width: room,
            style: isFocused ? theme.focusedTitle : theme.title)
        guard rightWidth > 0 else { return }
        x = max(x + 1, content.x + content.width - rightWidth - 1)
        let end = content.x + content.width - 1
        x = put(" ", row: row, x: x, width: end - x)
        for (index, (text, style)) in shown.enumerated() {
            if index > 0 { x = put(" ", row: row, x: x, width: end - x) }
            x = put(text, row: row, x: x, width: end - x, style: style)
            x = put(" ", row: row, x: x, width: end - x)
        }
    }
}
