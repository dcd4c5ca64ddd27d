// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Synchronization
package import TerminalGrid

/// The terminal, drawn by one thread that alone calls the curses library.
///
/// Other threads say that something changed with ``wake()``; the thread then asks for a grid, at most as often as the
/// options allow, and sends what differs from the last one. When nothing changes it sleeps without a timer.
package final class CursesScreen: Sendable {
    /// Draws a frame of a size. Called on the screen's thread.
    package typealias Render = @Sendable (GridSize) -> ScreenFrame

    private let pipe: WakePipe
    private let counters: ScreenCounters
    private let thread: Mutex<PosixThread?>

    private init(pipe: WakePipe, counters: ScreenCounters, thread: PosixThread) {
        self.pipe = pipe
        self.counters = counters
        self.thread = Mutex(thread)
    }

    /// Takes over the terminal and paints the first frame.
    /// - Parameter onKey: called on the screen's thread, in the order of typing; a frame follows by itself.
    /// - Throws: `DevloopError.usage` that names `TERM` when the terminal cannot show a dashboard.
    package static func open(
        _ options: ScreenOptions = ScreenOptions(), render: @escaping Render, onKey: @escaping @Sendable (Key) -> Void
    ) throws -> CursesScreen {
        let term = getenv("TERM").map { String(cString: $0) } ?? ""
        try checkTerminal(term: term)
        let pipe = try WakePipe()
        let counters = ScreenCounters()
        let opened = OpenResult()
        let thread = try PosixThread {
            do {
                let loop = try ScreenLoop(
                    options: options, term: term, pipe: pipe, counters: counters, render: render, onKey: onKey)
                opened.set(nil)
                loop.run()
            } catch {
                opened.set(error)
            }
        }
        if let error = opened.wait() {
            thread.join()
            throw error
        }
        return CursesScreen(pipe: pipe, counters: counters, thread: thread)
    }

    /// Something changed; from any thread, as often as wanted.
    package func wake() { pipe.send(.changed) }

    /// Draws everything again, for a terminal that another program wrote to.
    package func repaint() { pipe.send(.repaint) }

    /// Gives the terminal back as it was and waits for the thread; safe to call twice.
    /// - Important: not from `render` or `onKey`, which run on that thread.
    package func close() {
        pipe.send(.close)
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    /// Counters since the screen was opened.
    package var statistics: ScreenStatistics { counters.values }

    private static func checkTerminal(term: String) throws {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
            let stream = isatty(STDIN_FILENO) == 1 ? "standard output" : "standard input"
            throw DevloopError(
                .usage, "cannot draw the dashboard: \(stream) is not a terminal (TERM is \"\(term)\")",
                hint: "use --ui=plain")
        }
        guard !term.isEmpty, term != "dumb" else {
            throw DevloopError(
                .usage, "cannot draw the dashboard: the terminal type in TERM is \"\(term)\"", hint: "use --ui=plain")
        }
    }
}
