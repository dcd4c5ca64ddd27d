// SPDX-License-Identifier: Apache-2.0

import LogStore
import TerminalGrid

extension ViewState {
    /// Longest text that can be typed.
    private static let longestInput = 200

    /// A key while a search or filter is typed. The result is shown with every key; Esc takes it back.
    mutating func type(
        _ key: Key, _ input: Input, _ text: String, _ snapshot: DashboardSnapshot
    ) -> [DashboardCommand] {
        var text = text
        switch key {
        case .enter:
            mode = .normal
            return []
        case .escape:
            mode = .normal
            apply(input, "", snapshot)
            return []
        case .backspace where text.isEmpty:
            mode = .normal
            return []
        case .backspace: text.removeLast()
        case .control("u"): text = ""
        case .char(let scalar) where text.count < Self.longestInput: text.unicodeScalars.append(scalar)
        default: return []
        }
        mode = .input(input, text: text)
        apply(input, text, snapshot)
        return []
    }

    private mutating func apply(_ input: Input, _ text: String, _ snapshot: DashboardSnapshot) {
        let pattern = LogPattern(text)
        switch input {
        case .search:
            search = pattern.map { LogSearch($0, in: logScope(snapshot)) }
            currentMatch = nil
            awaitsFirstMatch = search != nil
        case .filter:
            filter = pattern.map { LogSearch($0, in: logScope(snapshot)) }
            logBottom = nil
        case .rows(let pane): rowFilters[pane] = pattern
        }
    }
}
