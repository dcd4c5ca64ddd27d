// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import TerminalGrid

/// Joins snapshot, view and layout for a screen: the engine puts snapshots in, keys come in, grids and commands go out.
package final class Dashboard: Sendable {
    private struct State: Sendable {
        var snapshot: DashboardSnapshot
        var view = ViewState()
        var size = GridSize(width: 80, height: 24)
    }

    /// Slices of searching before each frame; 12,288 lines, together about 8 ms.
    private static let slicesPerFrame = 3

    private let state: Mutex<State>
    private let theme: Theme

    package init(_ snapshot: DashboardSnapshot, theme: Theme = Theme()) {
        state = Mutex(State(snapshot: snapshot))
        self.theme = theme
    }

    /// Replaces what is shown; the screen has to be woken afterwards.
    package func update(_ snapshot: DashboardSnapshot) { state.withLock { $0.snapshot = snapshot } }

    /// Changes what is shown.
    package func update(_ change: (inout DashboardSnapshot) -> Void) { state.withLock { change(&$0.snapshot) } }

    /// What is shown.
    package var snapshot: DashboardSnapshot { state.withLock { $0.snapshot } }

    /// The grid of now.
    /// - Returns: also whether a search goes on and wants another frame.
    package func render(_ size: GridSize) -> (grid: Grid, wantsAnother: Bool) {
        let (snapshot, view, isMore) = state.withLock { state in
            state.size = size
            let rows = LayoutPlan(size: size, snapshot: state.snapshot, view: state.view).rows(of: .logs)
            let isMore = state.view.advanceSearch(state.snapshot, rows: rows, slices: Self.slicesPerFrame)
            return (state.snapshot, state.view, isMore)
        }
        return (DashboardLayout.grid(snapshot, view, size: size, theme: theme), isMore)
    }

    /// Takes a key and says what the session has to do.
    package func handle(_ key: Key) -> [DashboardCommand] {
        state.withLock { state in state.view.handle(key, state.snapshot, size: state.size) }
    }

    /// Shows a text in the footer until the next key.
    package func show(message: String) { state.withLock { $0.view.message = message } }
}
