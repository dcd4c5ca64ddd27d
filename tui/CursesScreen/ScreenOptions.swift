// SPDX-License-Identifier: Apache-2.0

package import TerminalGrid

/// How a screen behaves; the defaults suit `devloop up`.
package struct ScreenOptions: Sendable {
    /// Takes the process's own standard output and error while the screen is open; nil leaves them alone, and what is
    /// printed then spoils the picture.
    package var outputPath: String?
    /// Whether colours are sent at all.
    package var usesColor = true
    /// Frames a second at most: 30, or 10 over ssh (reference: tui §5).
    package var framesPerSecond = 30
    /// Called on the screen's thread before the process stops for Ctrl-Z, with the terminal given back.
    package var onSuspend: @Sendable () -> Void = {}
    /// Called on the screen's thread after the process was continued.
    package var onResume: @Sendable () -> Void = {}

    package init() {}
}

/// What a layout gives the screen.
package struct ScreenFrame: Sendable {
    package var grid: Grid
    /// Whether the layout wants to be asked again without a wake-up, such as for a search that is not finished.
    package var wantsAnother: Bool

    package init(_ grid: Grid, wantsAnother: Bool = false) {
        self.grid = grid
        self.wantsAnother = wantsAnother
    }
}

/// Counters of a screen since it was opened.
package struct ScreenStatistics: Sendable {
    /// Returns of `poll`: how often the thread ran at all.
    package var wakeUps: Int
    /// Frames painted.
    package var frames: Int
    /// Cells sent to the terminal library.
    package var cells: Int
}
