// SPDX-License-Identifier: Apache-2.0

import CDevloop
import CNcurses
import DevloopCore
import Glibc
import Synchronization
import TerminalGrid

/// What the screen's thread does: opens the terminal, waits, draws, gives it back. Made and used on that thread only.
final class ScreenLoop {
    /// Resizes that come one after another within this time are drawn once (reference: tui §5).
    private static let resizeSettle = Duration.milliseconds(50)
    /// While the process is in the background nothing tells it that it came back, so it looks.
    private static let backgroundLook = Duration.milliseconds(500)

    private let options: ScreenOptions
    private let pipe: WakePipe
    private let counters: ScreenCounters
    private let render: CursesScreen.Render
    private let onKey: @Sendable (Key) -> Void
    private let capture: OutputCapture
    private let frameInterval: Duration

    private var screen = devloop_screen()
    var pen: CursesPen
    private var front: Grid?
    private var size: GridSize
    private var isDirty = true
    private var isClosing = false
    private var isHungUp = false
    private var resizedAt: ContinuousClock.Instant?
    private var paintedAt: ContinuousClock.Instant?
    private let clock = ContinuousClock()

    init(
        options: ScreenOptions, term: String, pipe: WakePipe, counters: ScreenCounters,
        render: @escaping CursesScreen.Render, onKey: @escaping @Sendable (Key) -> Void
    ) throws {
        self.options = options
        self.pipe = pipe
        self.counters = counters
        self.render = render
        self.onKey = onKey
        frameInterval = .microseconds(1_000_000 / max(1, options.framesPerSecond))
        guard let capture = OutputCapture(path: options.outputPath) else {
            throw DevloopError(.process, "cannot copy the terminal's descriptor: \(String(cString: strerror(errno)))")
        }
        self.capture = capture
        devloop_guard_thread_begin()
        setlocale(LC_ALL, "")
        devloop_keep_interrupts()
        devloop_job_signals_install(pipe.writer)
        guard devloop_screen_open(&screen, STDIN_FILENO, capture.terminal) == 0 else {
            devloop_job_signals_restore()
            devloop_return_interrupts()
            capture.end()
            throw DevloopError(
                .usage, "cannot draw the dashboard: no terminal description for TERM \"\(term)\"",
                hint: "use --ui=plain, or install the description (package ncurses-term)")
        }
        devloop_return_interrupts()
        pen = CursesPen(usesColor: options.usesColor)
        size = Self.terminalSize(capture.terminal) ?? GridSize(width: 80, height: 24)
        guard Self.capability("cup").isEmpty == false else {
            close()
            throw DevloopError(
                .usage, "cannot draw the dashboard: the terminal type \"\(term)\" in TERM cannot move its cursor",
                hint: "use --ui=plain")
        }
        armGuard()
        _ = devloop_screen_modes(STDIN_FILENO)
    }

    /// Until the pipe says close.
    func run() {
        while !isClosing {
            waitForWork()
            guard !isClosing else { break }
            if isForeground { readKeys() }
            if isDirty, isForeground, !isHungUp, timeToPaint <= .zero { paint() }
        }
        close()
    }

    // MARK: Waiting

    private func waitForWork() {
        var descriptors = [pollfd(fd: pipe.reader, events: Int16(POLLIN), revents: 0)]
        let watchesKeys = isForeground && !isHungUp
        if watchesKeys { descriptors.append(pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)) }
        let timeout: CInt
        if isHungUp {
            timeout = -1
        } else if !watchesKeys {
            timeout = Self.milliseconds(Self.backgroundLook)
        } else {
            timeout = isDirty ? Self.milliseconds(timeToPaint) : -1
        }
        _ = poll(&descriptors, nfds_t(descriptors.count), timeout)
        counters.wakeUps.wrappingAdd(1, ordering: .relaxed)
        for signal in pipe.drain() { handle(signal) }
        if watchesKeys, descriptors[1].revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { isHungUp = true }
    }

    private func handle(_ signal: WakePipe.Signal) {
        switch signal {
        case .changed: isDirty = true
        case .repaint: repaintAll()
        case .close: isClosing = true
        case .resized, .continued:
            isDirty = true
            resizedAt = resizedAt ?? clock.now
        case .suspend: suspend()
        }
    }

    /// How long the next frame has to wait; zero or less when it is due.
    private var timeToPaint: Duration {
        let now = clock.now
        var due = paintedAt.map { $0 + frameInterval } ?? now
        if let resizedAt { due = max(due, resizedAt + Self.resizeSettle) }
        return now.duration(to: due)
    }

    /// Rounded up, so that poll does not come back a little too early.
    private static func milliseconds(_ duration: Duration) -> CInt {
        let parts = duration.components
        let count = parts.seconds * 1000 + (parts.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return CInt(clamping: max(0, count))
    }

    /// Drawing from the background would stop the process, or fight with the shell.
    private var isForeground: Bool { tcgetpgrp(capture.terminal) == getpgrp() }

    // MARK: Keys

    private func readKeys() {
        while let key = CursesKeys.next() {
            isDirty = true
            if let key { onKey(key) }
        }
    }

    // MARK: Drawing

    private func paint() {
        if resizedAt != nil {
            resizedAt = nil
            if let now = Self.terminalSize(capture.terminal) {
                devloop_resize(CInt(now.height), CInt(now.width))
                size = now
                repaintAll()
            }
        }
        paintedAt = clock.now
        pipe.acceptChanges()
        let frame = render(size)
        isDirty = frame.wantsAnother
        for run in frame.grid.diff(from: front) {
            pen.draw(run)
            counters.cells.wrappingAdd(run.cells.count, ordering: .relaxed)
        }
        devloop_flush()
        front = frame.grid
        counters.frames.wrappingAdd(1, ordering: .relaxed)
    }

    private func repaintAll() {
        front = nil
        isDirty = true
        devloop_repaint_next()
    }

    // MARK: Job control

    private func suspend() {
        endwin()
        options.onSuspend()
        devloop_stop_self()
        options.onResume()
        resizedAt = clock.now - Self.resizeSettle
        repaintAll()
    }

    // MARK: Ends

    private func armGuard() {
        // Attributes off, default colours, keypad off, cursor on, alternate screen off, in this order.
        let restore = ["sgr0", "op", "rmkx", "cnorm", "rmcup"].flatMap(Self.capability) + [0x0D]
        var notice = "devloop: ended by a fault, the terminal has been reset\r\n"
        if let path = options.outputPath { notice = "devloop: ended by a fault; its last output is in \(path)\r\n" }
        let text = Array(notice.utf8.prefix(400))
        restore.withUnsafeBytes { restore in
            text.withUnsafeBytes { text in
                _ = devloop_guard_arm(
                    capture.terminal, capture.errorForCrash, restore.baseAddress, restore.count, text.baseAddress,
                    text.count)
            }
        }
    }

    private func close() {
        devloop_screen_close(&screen)
        devloop_guard_disarm()
        devloop_job_signals_restore()
        capture.end()
        devloop_guard_thread_end()
    }

    private static func capability(_ name: String) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = devloop_capability(name, &buffer, buffer.count)
        return buffer[..<count].map { UInt8(bitPattern: $0) }
    }

    private static func terminalSize(_ descriptor: CInt) -> GridSize? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return GridSize(width: Int(size.ws_col), height: Int(size.ws_row))
    }
}
