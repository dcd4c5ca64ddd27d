// SPDX-License-Identifier: Apache-2.0

/// Columns and rows of a terminal, in cells.
package struct GridSize: Hashable, Sendable {
    package var width: Int
    package var height: Int

    package init(width: Int, height: Int) {
        self.width = max(0, width)
        self.height = max(0, height)
    }
}

extension GridSize: CustomStringConvertible {
    /// As users write it: `80x24`.
    package var description: String { "\(width)x\(height)" }
}

/// A rectangle of cells inside a grid; may be empty, never negative.
package struct GridRect: Hashable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = max(0, width)
        self.height = max(0, height)
    }
}
