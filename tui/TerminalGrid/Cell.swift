// SPDX-License-Identifier: Apache-2.0

/// One cell of the screen, 8 bytes.
package struct Cell: Hashable, Sendable {
    /// A scalar's value, or, with ``clusterBit`` set, an index into the clusters of the grid that holds the cell.
    package var glyph: UInt32
    package var style: Style
    /// 1 or 2 columns; 0 for the second half of a wide glyph.
    package var width: UInt8
    /// Keeps the size at 8 bytes without padding that would be compared by accident.
    private var spare: UInt8 = 0

    /// Marks ``glyph`` as an index; outside the range of scalar values.
    package static let clusterBit: UInt32 = 1 << 31

    package init(glyph: UInt32, style: Style, width: UInt8) {
        self.glyph = glyph
        self.style = style
        self.width = width
    }

    /// A space.
    package static func blank(_ style: Style = .plain) -> Cell { Cell(glyph: 0x20, style: style, width: 1) }
    /// The second half of a wide glyph.
    package static func continuation(_ style: Style) -> Cell { Cell(glyph: 0, style: style, width: 0) }
}
