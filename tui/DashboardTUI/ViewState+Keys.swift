// SPDX-License-Identifier: Apache-2.0

import LogStore
package import TerminalGrid

extension ViewState {
    /// Takes a key.
    /// - Parameter size: of the screen, for the length of a page.
    /// - Returns: what the session has to do.
    package mutating func handle(_ key: Key, _ snapshot: DashboardSnapshot, size: GridSize) -> [DashboardCommand] {
        message = nil
        if key == .control("c") { return perform(.interrupt, snapshot, size) }
        switch mode {
        case .input(let input, let text): return type(key, input, text, snapshot)
        case .help(let scroll):
            handleHelp(key, scroll)
            return []
        case .confirmQuit:
            mode = .normal
            return key == .char("y") || key == .enter || key == .char("q") ? [.quit] : []
        case .normal:
            guard let action = KeyTable.action(of: key, in: focus) else {
                message = "\(key) does nothing here, ? lists the keys"
                return []
            }
            return perform(action, snapshot, size)
        }
    }

    private mutating func handleHelp(_ key: Key, _ scroll: Int) {
        switch KeyTable.action(of: key, in: .services) {
        case .moveDown: mode = .help(scroll: scroll + 1)
        case .moveUp: mode = .help(scroll: max(0, scroll - 1))
        case .pageDown, .halfDown: mode = .help(scroll: scroll + 10)
        case .pageUp, .halfUp: mode = .help(scroll: max(0, scroll - 10))
        default: mode = .normal
        }
    }

    private mutating func perform(
        _ action: KeyAction, _ snapshot: DashboardSnapshot, _ size: GridSize
    ) -> [DashboardCommand] {
        let rows = LayoutPlan(size: size, snapshot: snapshot, view: self).rows(of: focus)
        switch action {
        case .moveUp: move(-1, snapshot, rows)
        case .moveDown: move(1, snapshot, rows)
        case .pageUp: move(-max(1, rows - 1), snapshot, rows)
        case .pageDown: move(max(1, rows - 1), snapshot, rows)
        case .halfUp: move(-max(1, rows / 2), snapshot, rows)
        case .halfDown: move(max(1, rows / 2), snapshot, rows)
        case .top: moveToEnd(first: true, snapshot, rows)
        case .bottom: moveToEnd(first: false, snapshot, rows)
        case .nextPane: focus(step: 1, snapshot, size)
        case .previousPane: focus(step: -1, snapshot, size)
        case .rightPane:
            if focus == .services { showsAllLogs = false }
            setFocus(focus == .services || focus == .pipeline ? .logs : focus == .logs ? .events : focus)
        case .leftPane: setFocus(focus == .logs ? .services : focus == .services ? focus : .logs)
        case .focus(let pane): setFocus(pane)
        case .openLogs:
            showsAllLogs = false
            logBottom = nil
            selected = selectedName(snapshot)
            setFocus(.logs)
        case .zoom: isZoomed.toggle()
        case .allLogs: toggleAllLogs(snapshot)
        case .scrollLeft: logColumn = max(0, logColumn - size.width / 2)
        case .scrollRight: logColumn += size.width / 2
        case .wrap:
            wrapsLogs.toggle()
            logColumn = 0
        case .timestamps: showsTimes.toggle()
        case .search: mode = .input(focus == .logs ? .search : .rows(focus), text: "")
        case .filter: mode = .input(.filter, text: "")
        case .olderMatch: jump(older: true, snapshot, rows: rows)
        case .newerMatch: jump(older: false, snapshot, rows: rows)
        case .previousError: jumpToError(older: true, snapshot, rows: rows)
        case .nextError: jumpToError(older: false, snapshot, rows: rows)
        case .follow: toggleFollow(snapshot)
        case .trigger, .triggerAll, .restart: return command(action, snapshot)
        case .button(let place): return press(place, snapshot)
        case .help: mode = .help(scroll: 0)
        case .back: _ = goBack()
        case .quit: if !goBack() { mode = .confirmQuit }
        case .interrupt:
            defer { isQuitting = true }
            return [isQuitting ? .forceQuit : .interrupt]
        case .repaint: return [.repaint]
        }
        return []
    }

    private mutating func command(_ action: KeyAction, _ snapshot: DashboardSnapshot) -> [DashboardCommand] {
        if action == .triggerAll {
            message = "triggered all services"
            return [.triggerAll]
        }
        guard let row = selectedRow(snapshot) else {
            message = "no service to \(action == .trigger ? "trigger" : "restart") yet"
            return []
        }
        if let reason = action == .trigger ? row.triggerBlocked : row.restartBlocked {
            message = "cannot \(action == .trigger ? "trigger" : "restart") \(row.name): \(reason)"
            return []
        }
        message = "\(action == .trigger ? "triggered" : "restarting") \(row.name)"
        return [action == .trigger ? .trigger(row.name) : .restart(row.name)]
    }

    private mutating func press(_ place: Int, _ snapshot: DashboardSnapshot) -> [DashboardCommand] {
        let buttons = buttons(snapshot)
        guard buttons.indices.contains(place) else {
            message = "this service has no such button; cmd_button of ext://uibutton makes them"
            return []
        }
        message = "started \(buttons[place].text)"
        return [.press(button: buttons[place].name)]
    }

    private mutating func toggleAllLogs(_ snapshot: DashboardSnapshot) {
        showsAllLogs.toggle()
        selected = selectedName(snapshot)
        logBottom = nil
        currentMatch = nil
    }

    private mutating func toggleFollow(_ snapshot: DashboardSnapshot) {
        if logBottom == nil {
            logBottom = linesThrough(.max, snapshot, limit: 1).last?.sequence
        } else {
            logBottom = nil
        }
    }

    /// Undoes the innermost thing that hides something; false at the root.
    private mutating func goBack() -> Bool {
        if filter != nil {
            filter = nil
        } else if search != nil {
            search = nil
            currentMatch = nil
        } else if rowFilters[focus] != nil {
            rowFilters[focus] = nil
        } else if isZoomed {
            isZoomed = false
        } else if focus == .pipeline || focus == .errors {
            focus = .services
        } else {
            return false
        }
        return true
    }

    private mutating func move(_ delta: Int, _ snapshot: DashboardSnapshot, _ rows: Int) {
        switch focus {
        case .services:
            let names = services(snapshot).map(\.name)
            guard !names.isEmpty else { return }
            let index = selectedName(snapshot).flatMap { names.firstIndex(of: $0) } ?? 0
            select(names[min(names.count - 1, max(0, index + delta))])
        case .logs: scrollLogs(by: delta, snapshot, rows: rows)
        case .events: scrollEvents(by: delta, snapshot, rows: rows)
        case .pipeline, .errors:
            scroll[focus] = min(max(0, (scroll[focus] ?? 0) + delta), lastScroll(snapshot, rows))
        }
    }

    private mutating func moveToEnd(first: Bool, _ snapshot: DashboardSnapshot, _ rows: Int) {
        switch focus {
        case .services:
            let names = services(snapshot).map(\.name)
            if let name = first ? names.first : names.last { select(name) }
        case .logs:
            if first { showOldestLogs(snapshot, rows: rows) } else { logBottom = nil }
        case .events:
            // The newest event is at the top of the list.
            if first { eventAnchor = nil } else { scrollEvents(by: snapshot.events.count, snapshot, rows: rows) }
        case .pipeline, .errors: scroll[focus] = first ? 0 : lastScroll(snapshot, rows)
        }
    }

    private mutating func select(_ name: String) {
        guard name != selected else { return }
        selected = name
        scroll[.pipeline] = 0
        if !showsAllLogs {
            logBottom = nil
            currentMatch = nil
        }
    }

    private mutating func scrollEvents(by delta: Int, _ snapshot: DashboardSnapshot, rows: Int) {
        var all = self
        all.eventAnchor = nil
        let events = all.events(snapshot)
        guard !events.isEmpty else { return }
        let index = eventAnchor.flatMap { anchor in events.firstIndex { $0.sequence <= anchor } } ?? 0
        let target = min(max(0, index + delta), max(0, events.count - rows))
        eventAnchor = target == 0 ? nil : events[target].sequence
    }

    private func lastScroll(_ snapshot: DashboardSnapshot, _ rows: Int) -> Int {
        let count = focus == .errors ? errors(snapshot).count : DashboardLayout.pipelineLines(self, snapshot).count
        return max(0, count - rows)
    }

    private mutating func setFocus(_ pane: Pane) {
        focus = pane
    }

    private mutating func focus(step: Int, _ snapshot: DashboardSnapshot, _ size: GridSize) {
        var unzoomed = self
        unzoomed.isZoomed = false
        if focus == .pipeline || focus == .errors { unzoomed.focus = .services }
        var panes = LayoutPlan(size: size, snapshot: snapshot, view: unzoomed).panes.map(\.pane)
        panes.sort { $0.rawValue < $1.rawValue }
        guard !panes.isEmpty else { return }
        let index = panes.firstIndex(of: focus) ?? 0
        focus = panes[(index + step + panes.count) % panes.count]
    }
}
