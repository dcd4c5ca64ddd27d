// SPDX-License-Identifier: Apache-2.0

package import TerminalGrid

/// What a key does inside the dashboard.
package enum KeyAction: Hashable, Sendable {
    case moveUp, moveDown, pageUp, pageDown, halfUp, halfDown, top, bottom
    case nextPane, previousPane, rightPane, leftPane
    case focus(Pane)
    case openLogs, zoom, allLogs
    case scrollLeft, scrollRight, wrap, timestamps
    case search, olderMatch, newerMatch, filter, previousError, nextError, follow
    case trigger, triggerAll, restart
    /// The button at this place among those of the selected service and of the session.
    case button(Int)
    case help, back, quit, interrupt, repaint
}

/// One row of the key table, from which dispatch, footer and help are made.
package struct KeyBinding: Sendable {
    package var keys: [Key]
    package var action: KeyAction
    /// Panes in which it works.
    package var panes: Set<Pane>
    /// One or two words for the footer; nil to leave it out there.
    package var footer: String?
    /// What the help says.
    package var help: String

    init(
        _ keys: [Key], _ action: KeyAction, in panes: Set<Pane> = Set(Pane.allCases), footer: String? = nil,
        help: String
    ) {
        self.keys = keys
        self.action = action
        self.panes = panes
        self.footer = footer
        self.help = help
    }
}
