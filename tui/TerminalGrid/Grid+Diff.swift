// SPDX-License-Identifier: Apache-2.0

/// Changed cells that lie side by side in one row.
package struct GridRun: Sendable {
    package let row: Int
    package let column: Int
    package let cells: ArraySlice<Cell>
    /// The clusters that ``cells`` refer to.
    package let clusters: [[UInt32]]
}

extension Grid {
    /// Unchanged cells between two changes that are sent again rather than skipped: a cursor move costs about as much.
    private static let bridge = 4

    /// What has to be drawn to turn `front` into this grid; everything when the sizes differ.
    /// A run begins and ends at whole glyphs.
    package func diff(from front: Grid?) -> [GridRun] {
        var runs: [GridRun] = []
        let comparable = front.flatMap { $0.size == size ? $0 : nil }
        for row in 0..<size.height {
            guard let comparable else {
                runs.append(run(row, 0..<size.width))
                continue
            }
            appendRuns(of: row, against: comparable, to: &runs)
        }
        return runs
    }

    /// Draws runs over this grid, which must have the size of the grid that they were made from.
    package mutating func apply(_ runs: [GridRun]) {
        for run in runs { replace(at: run.row * size.width + run.column, with: run) }
    }

    /// Whether two grids look the same, whatever the order of their clusters.
    package func looksLike(_ other: Grid) -> Bool {
        size == other.size && diff(from: other).isEmpty
    }

    private func appendRuns(of row: Int, against front: Grid, to runs: inout [GridRun]) {
        let base = row * size.width
        var open: Range<Int>?
        for column in 0..<size.width where !same(base + column, front) {
            var end = column + 1
            if cells[base + column].width == 2 { end = min(size.width, end + 1) }
            if let range = open, column - range.upperBound <= Self.bridge {
                open = range.lowerBound..<max(end, range.upperBound)
            } else {
                if let range = open { runs.append(run(row, range)) }
                open = column..<end
            }
        }
        if let range = open { runs.append(run(row, range)) }
    }

    private func run(_ row: Int, _ columns: Range<Int>) -> GridRun {
        let base = row * size.width
        var start = columns.lowerBound
        if start > 0, start < size.width, cells[base + start].width == 0 { start -= 1 }
        return GridRun(
            row: row, column: start, cells: cells[(base + start)..<(base + columns.upperBound)], clusters: clusters)
    }

    private func same(_ index: Int, _ front: Grid) -> Bool {
        let mine = cells[index]
        let theirs = front.cells[index]
        if (mine.glyph | theirs.glyph) & Cell.clusterBit == 0 { return mine == theirs }
        return mine.style == theirs.style && mine.width == theirs.width
            && scalars(of: mine) == front.scalars(of: theirs)
    }
}
