// SPDX-License-Identifier: Apache-2.0

import DashboardTUI
import DevloopTestSupport
import LogStore
import TerminalGrid
import Testing

@Suite(.timeLimit(.minutes(2)))
struct LayoutPropertyTests {
    private static let keys: [Key] = [
        .char("j"), .char("k"), .char("l"), .char("h"), .char("f"), .char("a"), .char("w"), .char("t"), .char("L"),
        .char("H"), .char("g"), .char("G"), .char("n"), .char("N"), .char("F"), .char("{"), .char("}"), .char("?"),
        .tab, .backTab, .enter, .escape, .pageUp, .pageDown, .char("1"), .char("2"), .char("3"), .char("4"),
        .char("5"), .char("/"), .char("&"), .char("e"), .backspace, .control("d"), .control("u"), .char("q"),
    ]

    /// Any snapshot, any size, after any keys: full rows, nothing that drives a terminal, the same picture twice.
    @Test(arguments: 0..<150 as Range<UInt64>)
    func anyPictureIsSound(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let snapshot = Samples.random(&random)
        let size = GridSize(
            width: Int.random(in: 0...220, using: &random), height: Int.random(in: 0...60, using: &random))
        let theme = Theme(usesColor: Bool.random(using: &random), isASCII: Bool.random(using: &random))
        var view = ViewState()
        var front: Grid?
        for _ in 0..<12 {
            _ = view.handle(Self.keys[Int.random(in: 0..<Self.keys.count, using: &random)], snapshot, size: size)
            while view.advanceSearch(snapshot, rows: 10, slices: 4) {}
            let grid = DashboardLayout.grid(snapshot, view, size: size, theme: theme)
            #expect(grid.size == size)
            for row in 0..<size.height { #expect(grid.columns(ofRow: row) == size.width) }
            #expect(grid.looksLike(DashboardLayout.grid(snapshot, view, size: size, theme: theme)))
            #expect(!grid.cells.contains { isUnsafe($0, grid) })
            if theme.isASCII == false, var drawn = front {
                drawn.apply(grid.diff(from: drawn))
                #expect(drawn.looksLike(grid))
            }
            if !theme.usesColor {
                #expect(grid.cells.allSatisfy { $0.style.foreground == .standard && $0.style.background == .standard })
            }
            front = grid
        }
    }

    private func isUnsafe(_ cell: Cell, _ grid: Grid) -> Bool {
        grid.scalars(of: cell).contains { scalar in
            scalar < 0x20 || (0x7F..<0xA0).contains(scalar) || ScalarWidth.isBidiControl(scalar)
        }
    }

    @Test func asciiMeansASCII() {
        var snapshot = Samples.broken()
        snapshot.logs = LogStore()
        for size in LayoutGoldenTests.sizes {
            let grid = DashboardLayout.grid(
                snapshot, ViewState(), size: size, theme: Theme(usesColor: true, isASCII: true))
            #expect(grid.text.utf8.allSatisfy { $0 < 0x80 })
        }
    }

    @Test func noFrameShowsAllOfEverythingAtTheSmallestSize() {
        let grid = DashboardLayout.grid(Samples.busy(), ViewState(), size: GridSize(width: 60, height: 12))
        for word in ["devloop", "1 Services", "4 Events", "3 Logs", "? help", "q quit", "user-manager"] {
            #expect(grid.text.contains(word), "\(word) is missing")
        }
    }
}
