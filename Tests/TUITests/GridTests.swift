// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import TerminalGrid
import Testing

@Suite(.timeLimit(.minutes(1)))
struct GridTests {
    @Test func aCellIsEightBytes() { #expect(MemoryLayout<Cell>.stride == 8) }

    @Test(arguments: [
        (0x61, 1), (0xE9, 1), (0x301, 0), (0x200B, 0), (0x2026, 1), (0x26A0, 1), (0x2500, 1), (0x65E5, 2),
        (0xAC00, 2), (0xFF21, 2), (0x1F600, 2), (0x1F1E6, 1), (0x20000, 2), (0xFE0F, 0), (0xE000, 1),
    ])
    func widths(_ scalar: UInt32, _ width: Int) { #expect(ScalarWidth.of(scalar) == width) }

    @Test func aWideGlyphIsNeverCut() {
        var grid = Grid(GridSize(width: 5, height: 2))
        grid.put("ab\u{65E5}\u{672C}", row: 0, column: 0)
        #expect(grid.text(row: 0) == "ab\u{65E5}")
        #expect(grid.columns(ofRow: 0) == 5)
        grid.put("x", row: 0, column: 3)
        #expect(grid.text(row: 0) == "ab x")
        #expect(grid.columns(ofRow: 0) == 5)
        grid.put("\u{65E5}\u{65E5}", row: 1, column: 0)
        grid.put("\u{672C}", row: 1, column: 1)
        #expect(grid.text(row: 1) == " \u{672C}")
        #expect(grid.columns(ofRow: 1) == 5)
    }

    @Test func marksJoinTheGlyphBefore() {
        var grid = Grid(GridSize(width: 4, height: 1))
        let end = grid.put("e\u{301}x", row: 0, column: 0)
        #expect(end == 2)
        #expect(grid.text(row: 0) == "e\u{301}x")
        // A joiner would let the terminal choose another width.
        var family = Grid(GridSize(width: 8, height: 1))
        family.put("\u{1F469}\u{200D}\u{1F4BB}\u{FE0F}", row: 0, column: 0)
        #expect(family.text(row: 0) == "\u{1F469}\u{1F4BB}")
    }

    @Test func aControlCharacterIsNotStored() {
        var grid = Grid(GridSize(width: 4, height: 1))
        grid.put("a\u{1B}b", row: 0, column: 0)
        #expect(grid.text(row: 0) == "a\u{FFFD}b")
    }

    @Test(arguments: [
        ("plain", "plain"),
        ("a\tb", "a       b"),
        ("\u{1B}[2J\u{1B}]0;title\u{07}", "^[[2J^[]0;title^G"),
        ("\u{1B}[31mred\u{1B}[0m", "red"),
        ("\u{1B}[31", "^[[31"),
        ("a\u{202E}b", "a<202e>b"),
        ("\u{9B}31m", "<9b>31m"),
        ("a\u{7F}\u{0D}b", "a^?^Mb"),
        ("nul\u{00}", "nul^@"),
    ])
    func sanitizes(_ text: String, _ want: String) {
        let shown = SanitizedText(Array(text.utf8))
        #expect(String(String.UnicodeScalarView(shown.scalars.compactMap(Unicode.Scalar.init))) == want)
    }

    @Test func invalidBytesAreReplaced() {
        let bytes: [UInt8] = [0x61, 0xFF, 0xC3, 0xE2, 0x82, 0x62, 0xED, 0xA0, 0x80]
        let shown = SanitizedText(bytes).scalars
        #expect(shown.first == 0x61)
        #expect(shown.contains(0x62))
        #expect(shown.count { $0 == 0xFFFD } == 7)
    }

    @Test func sgrColours() {
        let text = SanitizedText(Array("a\u{1B}[1;31mb\u{1B}[39mc\u{1B}[38;5;4md\u{1B}[38;2;1;2;3me\u{1B}[mf".utf8))
        let bold = Style(.standard, on: .standard, .bold)
        let red = Style(.red, on: .standard, .bold)
        let blue = Style(.blue, on: .standard, .bold)
        #expect(text.styles == [.plain, red, bold, blue, blue, .plain])
        #expect(SanitizedText(Array("\u{1B}[31mb".utf8), colors: false).styles.isEmpty)
    }

    /// diff(front, back) drawn over front is back, for random contents with wide and joined glyphs.
    @Test(arguments: 0..<60 as Range<UInt64>)
    func diffTurnsFrontIntoBack(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let size = GridSize(
            width: Int.random(in: 1...40, using: &random), height: Int.random(in: 1...6, using: &random))
        var front = Grid(size)
        scribble(&front, &random)
        var back = front
        scribble(&back, &random)
        let runs = back.diff(from: front)
        front.apply(runs)
        #expect(front.looksLike(back))
        #expect(front.text == back.text)
        for run in runs {
            #expect(run.cells.first?.width != 0, "a run begins in the middle of a glyph")
            if let last = run.cells.last { #expect(last.width != 2, "a run ends in the middle of a glyph") }
        }
        for row in 0..<size.height { #expect(back.columns(ofRow: row) == size.width) }
        #expect(back.diff(from: back).isEmpty)
        #expect(back.diff(from: nil).reduce(0) { $0 + $1.cells.count } == size.width * size.height)
    }

    private func scribble(_ grid: inout Grid, _ random: inout SeededGenerator) {
        let words = ["abc", "\u{65E5}\u{672C}\u{8A9E}", "e\u{301}\u{302}x", "\u{1F600}", " ", "\u{AC00}b"]
        for _ in 0..<8 {
            let word = words[Int.random(in: 0..<words.count, using: &random)]
            grid.put(
                word, row: Int.random(in: 0..<grid.size.height, using: &random),
                column: Int.random(in: 0..<grid.size.width, using: &random),
                style: Bool.random(using: &random) ? .plain : Style(.red))
        }
    }
}
