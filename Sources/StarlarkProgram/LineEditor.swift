// SPDX-License-Identifier: Apache-2.0

/// The line being edited at a prompt, as a value: keys change it, and something else shows it.
struct LineEditor {
    /// What a key led to, beyond a change of the line.
    enum Outcome: Equatable {
        case editing
        /// Enter: the line is done.
        case accepted(String)
        /// Ctrl-C: the line is given up.
        case abandoned
        /// Ctrl-D on an empty line.
        case ended
    }

    /// The text as the user sees it, a character at a time.
    private(set) var text: [Character] = []
    /// The index in `text` before which the next character goes.
    private(set) var cursor = 0
    /// Earlier lines, the oldest first.
    private(set) var history: [String] = []

    /// The place in the history that is shown; its end is the new line.
    private var place = 0
    /// The new line while an old one is shown.
    private var draft: [Character] = []

    private static let historyLimit = 1_000

    mutating func press(_ key: Key) -> Outcome {
        switch key {
        case .character(let character):
            text.insert(character, at: cursor)
            cursor += 1
        case .left: cursor = max(0, cursor - 1)
        case .right: cursor = min(text.count, cursor + 1)
        case .home: cursor = 0
        case .end: cursor = text.count
        case .up: show(place - 1)
        case .down: show(place + 1)
        case .backspace:
            if cursor > 0 {
                cursor -= 1
                text.remove(at: cursor)
            }
        case .delete:
            if cursor < text.count { text.remove(at: cursor) }
        case .killToEnd: text.removeSubrange(cursor...)
        case .killToStart:
            text.removeSubrange(..<cursor)
            cursor = 0
        case .killWord: killWord()
        case .enter: return .accepted(finish())
        case .interrupt:
            _ = finish(remember: false)
            return .abandoned
        case .endOfInput:
            if text.isEmpty { return .ended }
            if cursor < text.count { text.remove(at: cursor) }
        case .ignored: break
        }
        return .editing
    }

    /// Deletes back to the start of the word, and the blanks after it.
    private mutating func killWord() {
        var start = cursor
        while start > 0, text[start - 1].isWhitespace { start -= 1 }
        while start > 0, !text[start - 1].isWhitespace { start -= 1 }
        text.removeSubrange(start..<cursor)
        cursor = start
    }

    /// Shows another line of the history.
    private mutating func show(_ wanted: Int) {
        guard wanted >= 0, wanted <= history.count else { return }
        if place == history.count { draft = text }
        place = wanted
        text = wanted == history.count ? draft : Array(history[wanted])
        cursor = text.count
    }

    /// Gives the line and begins a new one.
    private mutating func finish(remember: Bool = true) -> String {
        let line = String(text)
        if remember, line.contains(where: { !$0.isWhitespace }), history.last != line {
            history.append(line)
            if history.count > Self.historyLimit { history.removeFirst() }
        }
        (text, cursor, draft, place) = ([], 0, [], history.count)
        return line
    }

    /// The part of the line that fits, and the column of the cursor in it. A line that is too long is shown around
    /// the cursor.
    func window(columns: Int) -> (text: String, cursor: Int) {
        let room = max(1, columns - 1)
        var start = cursor
        var before = 0
        while start > 0, before + text[start - 1].columns <= room {
            start -= 1
            before += text[start].columns
        }
        var end = cursor
        var width = before
        while end < text.count, width + text[end].columns <= room {
            width += text[end].columns
            end += 1
        }
        return (String(text[start..<end]), before)
    }
}

extension Character {
    /// Columns in a terminal: two for the wide scripts of East Asia and for pictures.
    var columns: Int {
        guard let first = unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
