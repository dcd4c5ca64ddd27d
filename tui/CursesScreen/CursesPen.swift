// SPDX-License-Identifier: Apache-2.0

import CNcurses
import TerminalGrid

/// Draws runs of cells with the curses library; knows which colour pairs it has made.
struct CursesPen {
    private struct Look {
        var attributes: attr_t
        var pair: CInt
    }

    private let hasColor: Bool
    private let hasBright: Bool
    private var looks: [Style: Look] = [:]

    init(usesColor: Bool) {
        hasColor = usesColor && devloop_colors_start() == 1
        hasBright = hasColor && devloop_color_count() >= 16
    }

    mutating func draw(_ run: GridRun) {
        var column = run.column
        var style: Style?
        var look = Look(attributes: 0, pair: 0)
        for cell in run.cells {
            if cell.width > 0 {
                if cell.style != style {
                    style = cell.style
                    look = self.look(of: cell.style)
                }
                put(cell, run, column, look)
            }
            column += 1
        }
    }

    private func put(_ cell: Cell, _ run: GridRun, _ column: Int, _ look: Look) {
        let isCluster = cell.glyph & Cell.clusterBit != 0
        let scalars: [UInt32] = isCluster ? run.clusters[Int(cell.glyph & ~Cell.clusterBit)] : [cell.glyph]
        var text = scalars.map { wchar_t(bitPattern: $0) }
        // The table of widths is ours; what the C library cannot print, or counts differently, must not shift the row.
        if scalars[0] > 0x7E, wcwidth(text[0]) != CInt(cell.width) {
            text = [0x3F]
            if cell.width == 2 { devloop_put(CInt(run.row), CInt(column + 1), [0x20], 1, look.attributes, look.pair) }
        }
        devloop_put(CInt(run.row), CInt(column), text, CInt(text.count), look.attributes, look.pair)
    }

    private mutating func look(of style: Style) -> Look {
        if let known = looks[style] { return known }
        var flags: CInt = 0
        if style.attributes.contains(.bold) { flags |= CInt(devloop_bold) }
        if style.attributes.contains(.dim) { flags |= CInt(devloop_dim) }
        if style.attributes.contains(.underline) { flags |= CInt(devloop_underline) }
        if style.attributes.contains(.reverse) { flags |= CInt(devloop_reverse) }
        var pair: CInt = 0
        if hasColor {
            var foreground = style.foreground
            // Eight colours only: grey is the default colour dimmed, bright ones are the plain ones in bold.
            if !hasBright, foreground == .gray {
                foreground = .standard
                flags |= CInt(devloop_dim)
            }
            pair = max(0, alloc_pair(index(foreground), index(style.background)))
        }
        let look = Look(attributes: devloop_attributes(flags), pair: pair)
        looks[style] = look
        return look
    }

    private func index(_ color: TerminalColor) -> CInt {
        let index = color.paletteIndex
        return CInt(index >= 8 && !hasBright ? index - 8 : index)
    }
}
