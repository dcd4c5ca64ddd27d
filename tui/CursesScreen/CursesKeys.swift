// SPDX-License-Identifier: Apache-2.0

import CNcurses
import TerminalGrid

/// Reads keys as curses decodes them.
enum CursesKeys {
    /// The next key that was typed: outer nil when there is none, inner nil for one without a meaning here.
    static func next() -> Key?? {
        var value: UInt32 = 0
        let kind = devloop_key(&value)
        if kind == CInt(devloop_key_none) { return nil }
        if kind == CInt(devloop_key_char) { return .some(character(value)) }
        return .some(functionKeys[kind])
    }

    private static func character(_ value: UInt32) -> Key? {
        switch value {
        case 0x09: return .tab
        case 0x0A, 0x0D: return .enter
        case 0x08, 0x7F: return .backspace
        case 0x1B: return .escape
        case 0x01...0x1A: return Unicode.Scalar(value + 0x60).map { .control($0) }
        case 0..<0x20, 0x80..<0xA0: return nil
        default: return Unicode.Scalar(value).map { .char($0) }
        }
    }

    private static let functionKeys: [CInt: Key] = {
        let table: [(Int, Key)] = [
            (devloop_key_up, .up), (devloop_key_down, .down),
            (devloop_key_left, .left), (devloop_key_right, .right),
            (devloop_key_shift_left, .shiftLeft), (devloop_key_shift_right, .shiftRight),
            (devloop_key_home, .home), (devloop_key_end, .end),
            (devloop_key_page_up, .pageUp), (devloop_key_page_down, .pageDown),
            (devloop_key_enter, .enter), (devloop_key_back_tab, .backTab),
            (devloop_key_backspace, .backspace), (devloop_key_delete, .delete),
        ]
        return Dictionary(uniqueKeysWithValues: table.map { (CInt($0.0), $0.1) })
    }()
}
