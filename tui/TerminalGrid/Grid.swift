// SPDX-License-Identifier: Apache-2.0

/// A rectangle of cells that a layout draws into and a screen shows: plain values, no terminal.
package struct Grid: Sendable {
    package let size: GridSize
    /// Rows one after the other, `size.width` cells each.
    package private(set) var cells: [Cell]
    /// Glyphs of more than one scalar; `Cell.glyph` without its mark is the index.
    package private(set) var clusters: [[UInt32]] = []

    /// A grid of blanks.
    package init(_ size: GridSize) {
        self.size = size
        cells = Array(repeating: .blank(), count: size.width * size.height)
    }

    /// The cell at a place inside the grid.
    package subscript(row: Int, column: Int) -> Cell { cells[row * size.width + column] }

    /// The scalars of a cell; empty for the second half of a wide glyph.
    package func scalars(of cell: Cell) -> [UInt32] {
        if cell.width == 0 { return [] }
        if cell.glyph & Cell.clusterBit == 0 { return [cell.glyph] }
        return clusters[Int(cell.glyph & ~Cell.clusterBit)]
    }

    /// Writes text from `column` to the right, within `limit` columns and the grid; a wide glyph that would be cut is
    /// replaced by a blank.
    /// - Returns: the column after the last one written.
    @discardableResult
    package mutating func put(_ text: String, row: Int, column: Int, limit: Int = .max, style: Style = .plain) -> Int {
        var pen = Pen(row: row, column: column, end: end(column, limit), style: style)
        for scalar in text.unicodeScalars {
            if pen.column >= pen.end, ScalarWidth.of(scalar.value) != 0 { break }
            put(scalar.value, at: &pen)
        }
        return pen.column
    }

    /// Fills a rectangle with blanks of a style.
    package mutating func fill(_ rect: GridRect, style: Style = .plain, glyph: UInt32 = 0x20) {
        for row in max(0, rect.y)..<max(max(0, rect.y), min(size.height, rect.y + rect.height)) {
            for column in max(0, rect.x)..<max(max(0, rect.x), min(size.width, rect.x + rect.width)) {
                set(row, column, Cell(glyph: glyph, style: style, width: 1))
            }
        }
    }

    /// Changes the style of columns that are drawn already; halves of a wide glyph change together.
    package mutating func restyle(row: Int, columns: Range<Int>, _ change: (Style) -> Style) {
        guard row >= 0, row < size.height else { return }
        for column in columns.clamped(to: 0..<size.width) {
            cells[row * size.width + column].style = change(cells[row * size.width + column].style)
        }
    }

    /// Where ``put(_:at:)`` writes next.
    package struct Pen: Sendable {
        package var row: Int
        package var column: Int
        /// First column that is not written any more.
        package var end: Int
        package var style: Style

        package init(row: Int, column: Int, end: Int, style: Style = .plain) {
            self.row = row
            self.column = column
            self.end = end
            self.style = style
        }
    }

    /// Writes one scalar: a glyph of its own, or joined to the glyph before when it has no width. A control character,
    /// which a caller should have made readable with ``SanitizedText``, becomes U+FFFD.
    package mutating func put(_ scalar: UInt32, at pen: inout Pen) {
        guard pen.row >= 0, pen.row < size.height else { return }
        let isControl = scalar < 0x20 || (0x7F..<0xA0).contains(scalar)
        let scalar = isControl ? 0xFFFD : scalar
        let width = scalar < 0x300 ? 1 : ScalarWidth.of(scalar)
        let end = min(pen.end, size.width)
        if width == 0 {
            join(scalar, before: pen)
            return
        }
        guard pen.column >= 0, pen.column < end else { return }
        if width == 2, pen.column + 1 >= end {
            set(pen.row, pen.column, .blank(pen.style))
            pen.column += 1
            return
        }
        set(pen.row, pen.column, Cell(glyph: scalar, style: pen.style, width: UInt8(width)))
        if width == 2 {
            set(pen.row, pen.column + 1, .continuation(pen.style))
        }
        pen.column += width
    }

    /// ncurses holds one spacing scalar and four more in a cell.
    private static let longestCluster = 5

    private mutating func join(_ scalar: UInt32, before pen: Pen) {
        // A joiner or variation selector would let the terminal pick another width than ours: dropped.
        if scalar == 0x200D || (0xFE00...0xFE0F).contains(scalar) || scalar == 0x200B || scalar == 0xFEFF { return }
        var column = pen.column - 1
        guard column >= 0, column < size.width else { return }
        if self[pen.row, column].width == 0 { column -= 1 }
        guard column >= 0 else { return }
        let index = pen.row * size.width + column
        let cell = cells[index]
        if cell.glyph & Cell.clusterBit == 0 {
            clusters.append([cell.glyph, scalar])
            cells[index].glyph = Cell.clusterBit | UInt32(clusters.count - 1)
        } else {
            let cluster = Int(cell.glyph & ~Cell.clusterBit)
            if clusters[cluster].count < Self.longestCluster { clusters[cluster].append(scalar) }
        }
    }

    /// Replaces one cell; the other half of a wide glyph that is hit becomes a blank.
    private mutating func set(_ row: Int, _ column: Int, _ cell: Cell) {
        let index = row * size.width + column
        let old = cells[index]
        if old.width == 2, column + 1 < size.width, cells[index + 1].width == 0 {
            cells[index + 1] = .blank(old.style)
        } else if old.width == 0, cell.width != 0, column > 0, cells[index - 1].width == 2 {
            cells[index - 1] = .blank(cells[index - 1].style)
        }
        cells[index] = cell
    }

    private func end(_ column: Int, _ limit: Int) -> Int {
        limit >= size.width ? size.width : min(size.width, column + max(0, limit))
    }

    /// Replaces a whole run; used by ``apply(_:)``.
    mutating func replace(at index: Int, with run: GridRun) {
        for (offset, cell) in run.cells.enumerated() {
            var copy = cell
            if cell.glyph & Cell.clusterBit != 0, cell.width != 0 {
                clusters.append(run.clusters[Int(cell.glyph & ~Cell.clusterBit)])
                copy.glyph = Cell.clusterBit | UInt32(clusters.count - 1)
            }
            cells[index + offset] = copy
        }
    }
}
