// SPDX-License-Identifier: Apache-2.0

package import TerminalGrid

/// The keys of the dashboard. The first row that has the key and the pane wins; the footer keeps this order.
package enum KeyTable {
    package static let bindings: [KeyBinding] = [
        KeyBinding([.enter, .char(" ")], .openLogs, in: [.services], footer: "logs", help: "logs of this service"),
        KeyBinding([.enter, .char("f")], .zoom, footer: "zoom", help: "zoom this pane, and back"),
        KeyBinding([.tab], .nextPane, footer: "pane", help: "next pane"),
        KeyBinding([.backTab], .previousPane, help: "previous pane"),
        KeyBinding([.char("l"), .right], .rightPane, help: "pane to the right; from Services into its logs"),
        KeyBinding([.char("h"), .left], .leftPane, help: "pane to the left"),
        KeyBinding([.char("1")], .focus(.services), help: "Services"),
        KeyBinding([.char("2")], .focus(.pipeline), help: "Pipeline of the selected service"),
        KeyBinding([.char("3")], .focus(.logs), help: "Logs"),
        KeyBinding([.char("4")], .focus(.events), help: "Events"),
        KeyBinding([.char("5")], .focus(.errors), help: "Errors of all builds"),
        KeyBinding(
            [.char("t")], .trigger, in: Set(Pane.allCases).subtracting([.logs]), footer: "trigger",
            help: "build and deploy the selected service"),
        KeyBinding([.char("T")], .triggerAll, help: "build and deploy all services"),
        KeyBinding(
            [.char("r")], .restart, in: Set(Pane.allCases).subtracting([.logs]), footer: "restart",
            help: "restart the selected service's Pod"),
        KeyBinding([.char("r")], .restart, in: [.logs], help: "restart the selected service's Pod"),
        KeyBinding([.char("6")], .button(0), help: "first button of the service, as the footer says"),
        KeyBinding([.char("7")], .button(1), help: "second button"),
        KeyBinding([.char("8")], .button(2), help: "third button"),
        KeyBinding([.char("9")], .button(3), help: "fourth button"),
        KeyBinding([.char("0")], .button(4), help: "fifth button"),
        KeyBinding([.char("a")], .allLogs, footer: "all logs", help: "logs of all services, or of the selected one"),
        KeyBinding([.char("/")], .search, footer: "search", help: "search logs; in lists, show matching rows only"),
        KeyBinding([.char("n")], .olderMatch, in: [.logs], help: "older match"),
        KeyBinding([.char("N")], .newerMatch, in: [.logs], help: "newer match"),
        KeyBinding([.char("&")], .filter, in: [.logs], footer: "filter", help: "show matching lines only"),
        KeyBinding([.char("{")], .previousError, in: [.logs], help: "previous error line"),
        KeyBinding([.char("}")], .nextError, in: [.logs], help: "next error line"),
        KeyBinding([.char("F")], .follow, footer: "follow", help: "follow the newest line, or stay"),
        KeyBinding([.char("w")], .wrap, in: [.logs], footer: "wrap", help: "wrap long lines"),
        KeyBinding([.char("t")], .timestamps, in: [.logs], footer: "times", help: "show or hide times"),
        KeyBinding([.char("H"), .shiftLeft], .scrollLeft, in: [.logs], help: "half a screen to the left"),
        KeyBinding([.char("L"), .shiftRight], .scrollRight, in: [.logs], help: "half a screen to the right"),
        KeyBinding([.char("k"), .up], .moveUp, help: "up"),
        KeyBinding([.char("j"), .down], .moveDown, help: "down"),
        KeyBinding([.control("u")], .halfUp, help: "half a page up"),
        KeyBinding([.control("d")], .halfDown, help: "half a page down"),
        KeyBinding([.pageUp, .control("b")], .pageUp, help: "page up"),
        KeyBinding([.pageDown, .control("f")], .pageDown, help: "page down"),
        KeyBinding([.char("g"), .home], .top, help: "first line"),
        KeyBinding([.char("G"), .end], .bottom, help: "last line; logs follow again"),
        KeyBinding([.char("?")], .help, footer: "help", help: "this help"),
        KeyBinding([.escape], .back, help: "clear filter or search, then leave the zoom"),
        KeyBinding([.char("q")], .quit, footer: "quit", help: "back; at the root, end the session"),
        KeyBinding([.control("c")], .interrupt, help: "end the session now; again to force it"),
        KeyBinding([.control("l"), .control("r")], .repaint, help: "draw the screen again"),
    ]

    /// What a key does in a pane; nil for nothing.
    package static func action(of key: Key, in pane: Pane) -> KeyAction? {
        bindings.first { $0.keys.contains(key) && $0.panes.contains(pane) }?.action
    }

    /// Bindings that work in a pane; one whose every key is taken by a row above it is left out.
    package static func bindings(in pane: Pane) -> [KeyBinding] {
        var taken: Set<Key> = []
        return bindings.compactMap { binding in
            guard binding.panes.contains(pane) else { return nil }
            var free = binding
            free.keys.removeAll { taken.contains($0) }
            taken.formUnion(binding.keys)
            return free.keys.isEmpty ? nil : free
        }
    }
}
