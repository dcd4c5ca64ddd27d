// SPDX-License-Identifier: Apache-2.0

import CursesScreen
import DashboardTUI
import DevloopCore
import LogStore
import LoopEngine
import Synchronization
import TerminalGrid

/// The dashboard of a session: the journal and logs go in, keys come out as wishes for the engine.
final class DashboardSession: Sendable {
    private let logs: LogStore
    private let logFolder: String
    private let dashboard: Dashboard
    private let screen: CursesScreen
    private let commands: AsyncStream<DashboardCommand>
    private let model = Mutex(SessionModel())
    private let isClosed = Mutex(false)

    private init(
        logs: LogStore, logFolder: String, dashboard: Dashboard, screen: CursesScreen,
        commands: AsyncStream<DashboardCommand>
    ) {
        self.logs = logs
        self.logFolder = logFolder
        self.dashboard = dashboard
        self.screen = screen
        self.commands = commands
    }

    /// Takes over the terminal and paints at once, before anything is known.
    /// - Parameter specFile: how the header names the spec.
    static func open(specFile: String, now: WallTime, utcOffset: Int) throws -> DashboardSession {
        let folder = ".devloop/logs"
        let logs = LogStore(sink: LogFiles(folder: folder))
        let traits = TerminalTraits.current()
        let dashboard = Dashboard(
            DashboardSnapshot(
                sessionStart: now.milliseconds, utcOffset: utcOffset, context: "", namespace: "", specFile: specFile,
                sessionState: "starting", logs: logs),
            theme: Theme(usesColor: traits.usesColor, isASCII: traits.isASCII))
        let (commands, sink) = AsyncStream.makeStream(of: DashboardCommand.self, bufferingPolicy: .bufferingNewest(64))
        var options = ScreenOptions()
        options.usesColor = traits.usesColor
        options.outputPath = "\(folder)/devloop.err"
        if traits.isRemote { options.framesPerSecond = 10 }
        let screen = try CursesScreen.open(
            options,
            render: { size in
                let frame = dashboard.render(size)
                return ScreenFrame(frame.grid, wantsAnother: frame.wantsAnother)
            },
            onKey: { key in
                for command in dashboard.handle(key) { sink.yield(command) }
            })
        logs.setObserver { screen.wake() }
        return DashboardSession(
            logs: logs, logFolder: folder, dashboard: dashboard, screen: screen, commands: commands)
    }

    func log(_ resource: String, _ pod: String, _ line: LoopEngine.LogLine) {
        logs.append(line: line.bytes, source: resource, time: line.time.milliseconds)
    }

    /// Shows the session until the journal is closed, then gives the terminal back and prints the summary.
    func follow(_ events: AsyncStream<Event>, session: Session) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.obey(session) }
            for await event in events {
                if event.kind == .logWritten, let text = event.fields["text"]?.string {
                    logs.append(
                        Array("\(text)\n".utf8), source: event.resource ?? "devloop", time: event.time.milliseconds)
                }
                let current = model.withLock { model in
                    model.apply(event)
                    return model
                }
                dashboard.update { Self.fill(&$0, from: current, sequence: event.sequence) }
                screen.wake()
            }
            group.cancelAll()
        }
        close()
        for line in DashboardSummary.lines(dashboard.snapshot, logFolder: logFolder) { StandardOutput.write(line) }
    }

    /// Gives the terminal back; safe to call twice.
    func close() {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        guard !wasClosed else { return }
        logs.setObserver(nil)
        screen.close()
    }

    private func obey(_ session: Session) async {
        for await command in commands {
            switch command {
            case .trigger(let name): await session.trigger(name)
            case .triggerAll: for service in dashboard.snapshot.services { await session.trigger(service.name) }
            case .restart(let name): await session.restart(name)
            case .press(let button): await session.press(button)
            case .quit: await session.stop(.ok, reason: "ended by the user")
            case .interrupt: await session.stop(.interrupted, reason: "interrupted")
            case .forceQuit:
                close()
                InterfaceChoice.endAtOnce()
            case .repaint: screen.repaint()
            }
        }
    }

    private static func fill(_ snapshot: inout DashboardSnapshot, from model: SessionModel, sequence: Int) {
        snapshot.context = model.context
        snapshot.namespace = model.namespace
        snapshot.sessionState = model.trouble == nil ? "ok" : "trouble"
        snapshot.banner = model.trouble.map { [$0] + (model.troubleHint.map { ["hint: \($0)"] } ?? []) } ?? []
        snapshot.services = model.services.map(row)
        snapshot.buttons = model.buttons.map { ButtonRow(name: $0.name, text: $0.text, service: $0.resource) }
        let first = sequence - model.lines.count
        snapshot.events = model.lines.enumerated().map { index, line in
            EventRow(
                sequence: first + index, time: line.time.milliseconds, level: level(line.level), source: line.source,
                text: line.text)
        }
    }

    private static func row(_ service: SessionModel.Service) -> ServiceRow {
        var row = ServiceRow(name: service.name, state: state(service.state))
        row.build = service.build
        row.deploy = service.deploy
        row.pod = service.pod
        row.restarts = service.restarts
        row.lastUpdate = service.changed?.milliseconds
        row.diagnostics = service.diagnostics.map { diagnostic in
            DiagnosticRow(
                isError: true, file: diagnostic.location.file, line: diagnostic.location.line ?? 0,
                column: diagnostic.location.column ?? 0, message: diagnostic.message)
        }
        row.endpoints = service.endpoints
        if service.pod.isEmpty { row.restartBlocked = "no Pod yet" }
        return row
    }

    private static func state(_ word: String) -> ServiceState {
        switch word {
        case "ready": .good
        case "failed": .failed
        case "crashing": .crashLoop
        case "building", "deploying", "starting": .working
        default: .idle
        }
    }

    private static func level(_ letter: Character) -> LogLevel {
        switch letter {
        case "E": .error
        case "W": .warning
        default: .info
        }
    }
}
