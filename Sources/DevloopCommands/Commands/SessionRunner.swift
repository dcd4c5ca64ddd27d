// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopLive
import Glibc
import LoopEngine

/// Runs a session with the interface that was asked for, and turns its end into messages and an exit code.
struct SessionRunner {
    var mode: SessionOptions.Mode
    var arguments: SessionArguments
    var interface: Interface
    var onExit: SessionOptions.OnExit
    var timeout: Duration?
    /// Take over from another session.
    var force = false
    var place = LiveSettings.Place.cluster
    /// Files that are written at the end.
    var reports: [ReportFile] = []

    func run() async throws {
        let kind = try InterfaceChoice.choose(interface, mode: mode)
        for report in reports { try report.check() }
        let interrupts = Interrupts()
        defer { interrupts.stop() }
        let plain = PlainOutput(now: { ContinuousClock.now })
        var settings = arguments.settings
        settings.force = force
        settings.place = place
        let live = LiveSession(settings, mode: mode)
        let dashboard =
            kind == .tui
            ? try DashboardSession.open(
                specFile: arguments.spec.file ?? "Devloopfile", now: live.ports.clock.wall(),
                utcOffset: Self.utcOffset())
            : nil
        var options = live.options(version: Version.text) { resource, pod, _, line in
            switch kind {
            case .tui: dashboard?.log(resource, pod, line)
            // A report takes the lines from the journal, and so does what shows it.
            case .plain, .auto: if reports.isEmpty { plain.log(resource, line) }
            case .json: break
            }
        }
        options.journalsLogs = kind == .json || !reports.isEmpty
        options.names = arguments.names
        if case .mixed(let names) = place { options.localNames = names }
        options.onExit = onExit
        options.timeout = timeout
        let session = Session(options: options, ports: live.ports)
        let record = reports.isEmpty ? nil : session.journal.subscribe()
        async let report = Self.report(of: record)
        let end = await show(session, kind: kind, plain: plain, dashboard: dashboard, signals: interrupts.signals)
        tell(end)
        let made = await report
        for file in reports { try file.write(made) }
        if end.status != .ok { throw CommandEnd(status: end.status) }
    }

    private func show(
        _ session: Session, kind: Interface, plain: PlainOutput, dashboard: DashboardSession?,
        signals: AsyncStream<Int32>
    ) async -> SessionEnd {
        let events = session.journal.subscribe()
        return await withTaskGroup(of: SessionEnd?.self) { group in
            group.addTask { await session.run() }
            group.addTask {
                switch kind {
                case .json:
                    await JSONOutput.follow(events) { await session.stop(.interrupted, reason: "output closed") }
                case .tui: await dashboard?.follow(events, session: session)
                case .plain, .auto: await plain.follow(events)
                }
                return nil
            }
            group.addTask {
                await Self.watch(signals, session, dashboard)
                return nil
            }
            var end: SessionEnd?
            var finished = 0
            // The session and the interface both end; the signal watcher is then cancelled.
            while finished < 2, let result = await group.next() {
                finished += 1
                if let result { end = result }
            }
            group.cancelAll()
            return end ?? SessionEnd(status: .interrupted, reason: nil, hint: nil, failed: [])
        }
    }

    /// The first interrupt ends the session cleanly, a second one within two seconds ends the process.
    private static func watch(_ signals: AsyncStream<Int32>, _ session: Session, _ dashboard: DashboardSession?) async {
        var first: ContinuousClock.Instant?
        for await _ in signals {
            if let first, ContinuousClock.now - first < .seconds(2) {
                dashboard?.close()
                InterfaceChoice.endAtOnce()
            }
            first = .now
            await session.stop(.interrupted, reason: "interrupted")
        }
    }

    /// Seconds east of UTC, now.
    private static func utcOffset() -> Int {
        var now = time(nil)
        var local = tm()
        localtime_r(&now, &local)
        return local.tm_gmtoff
    }

    private static func report(of events: AsyncStream<Event>?) async -> RunReport {
        var report = RunReport()
        guard let events else { return report }
        for await event in events { report.apply(event) }
        return report
    }

    private func tell(_ end: SessionEnd) {
        guard end.status != .ok, end.status != .interrupted else { return }
        if let reason = end.reason {
            StandardError.write("error: \(PrintableText.lines(reason).joined(separator: "\n"))")
        }
        if let hint = end.hint { StandardError.write("hint: \(hint)") }
    }
}

/// Which interface `--ui auto` means.
enum InterfaceChoice {
    /// Second Ctrl-C: no clean-up beyond the terminal.
    static func endAtOnce() -> Never { ProcessEnd.now(ExitStatus.interrupted.rawValue) }

    static func choose(_ wanted: Interface, mode: SessionOptions.Mode) throws -> Interface {
        let variable = getenv("DEVLOOP_UI").map { String(cString: $0) }.flatMap(Interface.init(rawValue:))
        let wanted = wanted == .auto ? variable ?? .auto : wanted
        let terminal = getenv("TERM").map { String(cString: $0) } ?? ""
        let isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && terminal != "dumb" && terminal != ""
        switch wanted {
        case .auto: return mode == .up && isTerminal && getenv("CI") == nil ? .tui : .plain
        case .tui where !isTerminal:
            throw DevloopError(
                .usage,
                "the dashboard needs a terminal, and standard input or output is none, or TERM is '\(terminal)'",
                hint: "use --ui=plain")
        default: return wanted
        }
    }
}
