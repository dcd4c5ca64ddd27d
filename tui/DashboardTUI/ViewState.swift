// SPDX-License-Identifier: Apache-2.0

package import LogStore

/// What the user has chosen to look at. A value: keys change it, the layout reads it.
package struct ViewState: Sendable {
    /// What the keyboard is for at the moment.
    package enum Mode: Hashable, Sendable {
        case normal
        /// Typing after `/` or `&`.
        case input(Input, text: String)
        /// The help is open, scrolled by so many rows.
        case help(scroll: Int)
        case confirmQuit
    }

    /// What a typed text is for.
    package enum Input: Hashable, Sendable {
        case search
        case filter
        case rows(Pane)
    }

    package var mode: Mode = .normal
    package var focus: Pane = .services
    package var isZoomed = false
    /// Name of the selected service; rows may come and go, so no index.
    package var selected: String?
    /// Shows all logs, or those of the selected service.
    package var showsAllLogs = true
    /// Sequence of the last log line in view; nil to follow the newest.
    package var logBottom: UInt64?
    /// Columns that the logs are moved to the left.
    package var logColumn = 0
    package var wrapsLogs = false
    package var showsTimes = true
    package var search: LogSearch?
    package var filter: LogSearch?
    /// The match that was jumped to last.
    package var currentMatch: UInt64?
    /// A search has begun and has not jumped to its first match yet.
    package var awaitsFirstMatch = false
    /// Texts that rows of a list must contain.
    package var rowFilters: [Pane: LogPattern] = [:]
    /// Sequence of the newest event in view; nil to follow.
    package var eventAnchor: Int?
    /// Rows that the Pipeline and Errors panes are scrolled down.
    package var scroll: [Pane: Int] = [:]
    /// Shown in the footer until the next key.
    package var message: String?
    /// Ctrl-C was pressed once.
    package var isQuitting = false

    package init() {}

    /// Which lines the Logs pane shows.
    func logScope(_ snapshot: DashboardSnapshot) -> LogScope {
        guard !showsAllLogs, let name = selectedName(snapshot) else { return .all }
        return .source(name)
    }

    /// The selected service, or the first one while none was selected or it has gone.
    func selectedName(_ snapshot: DashboardSnapshot) -> String? {
        let rows = services(snapshot)
        if let selected, rows.contains(where: { $0.name == selected }) { return selected }
        return rows.first?.name
    }

    /// Buttons of the selected service, then those of the session; as many as there are keys.
    func buttons(_ snapshot: DashboardSnapshot) -> [ButtonRow] {
        let name = selectedName(snapshot)
        let own = snapshot.buttons.filter { $0.service != nil && $0.service == name }
        return Array((own + snapshot.buttons.filter { $0.service == nil }).prefix(ButtonRow.digits.count))
    }

    /// The row of the selected service.
    func selectedRow(_ snapshot: DashboardSnapshot) -> ServiceRow? {
        let name = selectedName(snapshot)
        return snapshot.services.first { $0.name == name }
    }

    /// Rows of Services that pass its filter.
    func services(_ snapshot: DashboardSnapshot) -> [ServiceRow] {
        guard let pattern = rowFilters[.services] else { return snapshot.services }
        return snapshot.services.filter { pattern.matches($0.name) }
    }

    /// Rows of Events that pass its filter, newest first, from the anchor on.
    func events(_ snapshot: DashboardSnapshot) -> [EventRow] {
        let pattern = rowFilters[.events]
        return snapshot.events.reversed().filter { event in
            (eventAnchor.map { event.sequence <= $0 } ?? true)
                && (pattern.map { $0.matches("\(event.source) \(event.text)") } ?? true)
        }
    }

    /// Rows of Errors that pass its filter: the service and its diagnostic, errors before warnings.
    func errors(_ snapshot: DashboardSnapshot) -> [(service: String, diagnostic: DiagnosticRow)] {
        let pattern = rowFilters[.errors]
        let rows = snapshot.services.flatMap { row in row.diagnostics.map { (service: row.name, diagnostic: $0) } }
        let shown = rows.filter { row in
            pattern.map { $0.matches("\(row.diagnostic.place) \(row.diagnostic.message)") } ?? true
        }
        return shown.filter(\.diagnostic.isError) + shown.filter { !$0.diagnostic.isError }
    }
}
