// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import StarlarkProgram

struct LineEditorTests {
    /// Feeds bytes as a terminal sends them; `|` in the result is the cursor.
    private func edit(_ bytes: String, _ editor: inout LineEditor) -> LineEditor.Outcome {
        var rest = Array(bytes.utf8)[...]
        var outcome = LineEditor.Outcome.editing
        while !rest.isEmpty { outcome = editor.press(KeyDecoder.key { rest.popFirst() }) }
        return outcome
    }

    private func show(_ editor: LineEditor) -> String {
        String(editor.text[..<editor.cursor]) + "|" + String(editor.text[editor.cursor...])
    }

    /// What is typed, and the line with its cursor.
    static let lines = [
        ("abc", "abc|"), ("abc\u{1B}[D\u{1B}[DX", "aX|bc"), ("abc\u{01}X", "X|abc"),
        ("abc\u{1B}[HX\u{1B}[FY", "XabcY|"),
        ("abc\u{1B}[1~X\u{1B}[4~Y", "XabcY|"), ("abc\u{7F}", "ab|"), ("abc\u{01}\u{1B}[3~", "|bc"),
        ("abc\u{02}\u{02}\u{0B}", "a|"), ("abc\u{02}\u{15}", "|c"), ("one two  \u{17}", "one |"),
        ("\u{17}\u{7F}\u{0B}", "|"), ("aé漢\u{7F}", "aé|"), ("aé漢\u{1B}[D\u{1B}[DX", "aX|é漢"), ("a\u{1B}[5~b", "ab|"),
        ("abc\u{01}\u{04}", "|bc"), ("a\u{1B}OC\u{1B}ODX", "X|a"),
    ]

    @Test(arguments: lines) func keysChangeTheLine(_ typed: String, _ wanted: String) {
        var editor = LineEditor()
        #expect(edit(typed, &editor) == .editing)
        #expect(show(editor) == wanted)
    }

    @Test func theHistoryIsWalkedBothWays() {
        var editor = LineEditor()
        #expect(edit("one\r", &editor) == .accepted("one"))
        #expect(edit("two\r", &editor) == .accepted("two"))
        #expect(edit("two\r", &editor) == .accepted("two"))
        #expect(edit("  \r", &editor) == .accepted("  "))
        #expect(editor.history == ["one", "two"])
        #expect(edit("dra", &editor) == .editing)
        _ = edit("\u{1B}[A", &editor)
        #expect(show(editor) == "two|")
        _ = edit("\u{1B}[A\u{1B}[A", &editor)
        #expect(show(editor) == "one|")
        _ = edit("\u{1B}[B\u{1B}[B\u{1B}[B", &editor)
        #expect(show(editor) == "dra|")
    }

    @Test func theLineIsGivenUpOrEnded() {
        var editor = LineEditor()
        #expect(edit("abc\u{03}", &editor) == .abandoned)
        #expect(editor.text.isEmpty)
        #expect(editor.history.isEmpty)
        #expect(edit("\u{04}", &editor) == .ended)
    }

    @Test func aLongLineIsShownAroundTheCursor() {
        var editor = LineEditor()
        _ = edit("0123456789", &editor)
        #expect(editor.window(columns: 6) == ("56789", 5))
        _ = edit("\u{01}", &editor)
        #expect(editor.window(columns: 6) == ("01234", 0))
        // A wide character that would be cut is left out.
        var wide = LineEditor()
        _ = edit("漢字漢字", &wide)
        #expect(wide.window(columns: 6) == ("漢字", 4))
    }
}
