// SPDX-License-Identifier: Apache-2.0

extension Grid {
    /// One row as text, without the blanks at its end.
    package func text(row: Int) -> String {
        var scalars = String.UnicodeScalarView()
        for column in 0..<size.width {
            for value in self.scalars(of: self[row, column]) {
                scalars.append(Unicode.Scalar(value) ?? "\u{FFFD}")
            }
        }
        var line = String(scalars)
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }

    /// All rows as text, one a line.
    package var text: String {
        (0..<size.height).map { text(row: $0) }.joined(separator: "\n")
    }

    /// The columns that the glyphs of a row take together; equal to the width of the grid.
    package func columns(ofRow row: Int) -> Int {
        (0..<size.width).reduce(0) { $0 + Int(self[row, $1].width) }
    }
}
