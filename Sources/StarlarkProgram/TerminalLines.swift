// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Lines that the user types at a terminal.
struct TerminalLines {
    private var editor = LineEditor()

    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// Lets the user edit a line. The terminal is as it was before and after, so that Ctrl-C is a signal for programs.
    mutating func read(prompt: String) -> LineEditor.Outcome {
        guard let saved = Self.enterRawMode() else { return .ended }
        defer {
            var saved = saved
            tcsetattr(STDIN_FILENO, TCSADRAIN, &saved)
        }
        draw(prompt)
        while true {
            let outcome = editor.press(KeyDecoder.key(Self.nextByte))
            if outcome == .editing {
                draw(prompt)
                continue
            }
            Output.write(outcome == .abandoned ? "^C\r\n" : "\r\n")
            return outcome
        }
    }

    private func draw(_ prompt: String) {
        let (text, cursor) = editor.window(columns: Self.columns - prompt.count)
        let right = prompt.count + cursor
        Output.write("\r\(prompt)\(text)\u{1B}[K\r" + (right > 0 ? "\u{1B}[\(right)C" : ""))
    }

    private static func enterRawMode() -> termios? {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        let saved = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        settings.c_iflag &= ~tcflag_t(ICRNL | IXON)
        guard tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) == 0 else { return nil }
        return saved
    }

    private static func nextByte() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count == 1 { return byte }
            if count == 0 || errno != EINTR { return nil }
        }
    }

    private static var columns: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
