// SPDX-License-Identifier: Apache-2.0

/// A command of the spec that a digit starts (`cmd_button`).
package struct ButtonRow: Hashable, Sendable {
    package var name: String
    /// What it says.
    package var text: String
    /// Service that it belongs to; nil for the session.
    package var service: String?

    package init(name: String, text: String, service: String?) {
        self.name = name
        self.text = text
        self.service = service
    }

    /// Digits that no pane has, in the order of the keyboard.
    static let digits: [Character] = ["6", "7", "8", "9", "0"]
}
