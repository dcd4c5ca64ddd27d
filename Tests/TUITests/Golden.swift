// SPDX-License-Identifier: Apache-2.0

import Glibc
import TerminalGrid
import Testing

/// Compares a grid with a text file, or writes the file when `DEVLOOP_RECORD` is 1.
///
/// Each row is followed by a row of letters, one a column, that name its styles; the letters are explained at the end.
enum Golden {
    static func text(of grid: Grid) -> String {
        var letters: [Style: Character] = [.plain: "."]
        var legend: [String] = []
        var lines: [String] = []
        for row in 0..<grid.size.height {
            lines.append("|\(grid.text(row: row))")
            var styles = ""
            for column in 0..<grid.size.width {
                let style = grid[row, column].style
                if letters[style] == nil {
                    let letter = Character(UnicodeScalar(UInt8(0x61 + legend.count)))
                    letters[style] = letter
                    legend.append("\(letter) = \(describe(style))")
                }
                styles.append(letters[style] ?? "?")
            }
            while styles.hasSuffix(".") { styles.removeLast() }
            if !styles.isEmpty { lines.append(":\(styles)") }
        }
        return (lines + legend).joined(separator: "\n") + "\n"
    }

    static func check(_ grid: Grid, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let folder = #filePath.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Goldens"
        let path = "\(folder)/\(name).txt"
        let text = text(of: grid)
        if getenv("DEVLOOP_RECORD").map({ String(cString: $0) }) == "1" {
            mkdir(folder, 0o755)
            guard let file = fopen(path, "w") else {
                Issue.record("cannot write \(path)", sourceLocation: sourceLocation)
                return
            }
            fputs(text, file)
            fclose(file)
            return
        }
        guard let want = read(path) else {
            Issue.record("no golden \(name): run with DEVLOOP_RECORD=1", sourceLocation: sourceLocation)
            return
        }
        guard want != text else { return }
        let pairs = zip(lines(want), lines(text)).enumerated().filter { $0.element.0 != $0.element.1 }
        let shown = pairs.prefix(12).map { "line \($0.offset + 1)\n- \($0.element.0)\n+ \($0.element.1)" }
        Issue.record(
            "\(name) differs in \(pairs.count) lines\n\(shown.joined(separator: "\n"))", sourceLocation: sourceLocation)
    }

    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    private static func describe(_ style: Style) -> String {
        var parts = ["\(style.foreground)"]
        if style.background != .standard { parts.append("on \(style.background)") }
        let names: [(Style.Attributes, String)] = [
            (.bold, "bold"), (.dim, "dim"), (.underline, "underline"), (.reverse, "reverse"),
        ]
        parts += names.filter { style.attributes.contains($0.0) }.map(\.1)
        return parts.joined(separator: " ")
    }
}
