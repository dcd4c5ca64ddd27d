// SPDX-License-Identifier: Apache-2.0

import TerminalGrid

/// Where each pane goes at a size: below 100 columns a stack, below 160 two columns, else three.
struct LayoutPlan {
    /// A pane with the row of its title and the cells inside its borders.
    struct Placed {
        var pane: Pane
        var titleRow: Int
        var content: GridRect
    }

    /// The smallest size at which panes are drawn.
    static let smallest = GridSize(width: 60, height: 12)
    static let twoColumns = 100
    static let threeColumns = 160
    /// Rows that a banner takes at most.
    static let longestBanner = 3

    let size: GridSize
    private(set) var panes: [Placed] = []
    /// Borders of the columns of panes.
    private(set) var columns: [GridRect] = []
    let bannerRows: Int

    init(size: GridSize, snapshot: DashboardSnapshot, view: ViewState) {
        self.size = size
        bannerRows = min(snapshot.banner.count, Self.longestBanner)
        guard size.width >= Self.smallest.width, size.height >= Self.smallest.height else { return }
        let body = GridRect(x: 0, y: 1 + bannerRows, width: size.width, height: size.height - 2 - bannerRows)
        let isStack = size.width < Self.twoColumns
        let hasErrors = snapshot.services.contains { !$0.diagnostics.isEmpty }
        let isHidden = view.focus == .pipeline ? isStack : view.focus == .errors && (isStack || !hasErrors)
        if view.isZoomed || isHidden {
            add(body, [(view.focus, body.height - 2)])
        } else if isStack {
            stack(body, snapshot, view)
        } else {
            sideBySide(body, snapshot, view, hasErrors: hasErrors)
        }
    }

    /// Rows of a pane that show its lines; 1 for a pane that is not there.
    func rows(of pane: Pane) -> Int {
        guard let placed = panes.first(where: { $0.pane == pane }) else { return 1 }
        return max(1, placed.content.height - (hasColumnTitles(placed) ? 1 : 0))
    }

    /// Whether there is room for the titles of the columns above the services.
    func hasColumnTitles(_ placed: Placed) -> Bool { placed.pane == .services && placed.content.height >= 4 }

    private mutating func stack(_ body: GridRect, _ snapshot: DashboardSnapshot, _ view: ViewState) {
        let content = body.height - 4
        let events = content >= 24 ? 5 : content >= 15 ? 3 : content >= 9 ? 2 : 1
        let wanted = max(1, view.services(snapshot).count) + 1
        let services = min(wanted, max(2, (content - events) * 2 / 5))
        add(body, [(.services, services), (.events, events), (.logs, content - services - events)])
    }

    private mutating func sideBySide(
        _ body: GridRect, _ snapshot: DashboardSnapshot, _ view: ViewState, hasErrors: Bool
    ) {
        let isWide = size.width >= Self.threeColumns
        let leftWidth = isWide ? min(64, body.width / 3) : min(58, max(48, body.width * 44 / 100))
        let rightWidth = isWide ? min(60, body.width / 4) : 0
        let wanted = max(1, view.services(snapshot).count) + 1
        let errors = min(view.errors(snapshot).count, max(3, body.height / 5))
        let pipelineWanted = max(3, DashboardLayout.pipelineLines(view, snapshot).count)
        let left = GridRect(x: 0, y: body.y, width: leftWidth, height: body.height)
        let middle = GridRect(
            x: leftWidth, y: body.y, width: body.width - leftWidth - rightWidth, height: body.height)
        let borders = isWide ? 3 : 4
        let services = min(wanted, max(2, (body.height - borders) * 2 / 5))
        let pipeline = min(pipelineWanted, max(2, (body.height - borders - services) / 2))
        if isWide {
            let right = GridRect(
                x: body.width - rightWidth, y: body.y, width: rightWidth, height: body.height)
            add(left, [(.services, services), (.pipeline, body.height - 3 - services)])
            add(middle, [(.logs, body.height - 2)])
            if hasErrors {
                add(right, [(.events, body.height - 3 - errors), (.errors, errors)])
            } else {
                add(right, [(.events, body.height - 2)])
            }
        } else {
            add(
                left,
                [
                    (.services, services), (.pipeline, pipeline), (.events, body.height - 4 - services - pipeline),
                ])
            if hasErrors {
                add(middle, [(.logs, body.height - 3 - errors), (.errors, errors)])
            } else {
                add(middle, [(.logs, body.height - 2)])
            }
        }
    }

    /// Panes one under another in a frame; their heights and borders add up to the frame's.
    private mutating func add(_ frame: GridRect, _ parts: [(Pane, Int)]) {
        columns.append(frame)
        var row = frame.y
        for (pane, height) in parts {
            let content = GridRect(x: frame.x + 1, y: row + 1, width: frame.width - 2, height: height)
            panes.append(Placed(pane: pane, titleRow: row, content: content))
            row += height + 1
        }
    }
}
