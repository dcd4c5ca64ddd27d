// SPDX-License-Identifier: Apache-2.0

/// A key press as the screen reports it and the key table names it.
package enum Key: Hashable, Sendable {
    /// A printable character.
    case char(Unicode.Scalar)
    /// A letter with Ctrl, lower case.
    case control(Unicode.Scalar)
    case up, down, left, right
    case shiftLeft, shiftRight
    case home, end, pageUp, pageDown
    case enter, escape, tab, backTab, backspace, delete
}

extension Key: CustomStringConvertible {
    /// As the footer and the help write it.
    package var description: String {
        switch self {
        case .char(" "): "Space"
        case .char(let scalar): String(Character(scalar))
        case .control(let scalar): "Ctrl-\(Character(scalar).uppercased())"
        case .up: "Up"
        case .down: "Down"
        case .left: "Left"
        case .right: "Right"
        case .shiftLeft: "Shift-Left"
        case .shiftRight: "Shift-Right"
        case .home: "Home"
        case .end: "End"
        case .pageUp: "PgUp"
        case .pageDown: "PgDn"
        case .enter: "Enter"
        case .escape: "Esc"
        case .tab: "Tab"
        case .backTab: "Shift-Tab"
        case .backspace: "Backspace"
        case .delete: "Delete"
        }
    }
}
