// SPDX-License-Identifier: Apache-2.0

import CursesScreen
import DashboardTUI
import DevloopCore
import Glibc
import LogStore
import TerminalGrid

/// The session that does not exist, on the screen until it is ended.
struct DemoSession: Sendable {
    private let options: DemoOptions

    init(_ options: DemoOptions) { self.options = options }

    func run() async throws {
        let store = LogStore(sink: options.logFolder.map { LogFiles(folder: $0) })
        DemoContent.fill(store, flood: options.flood)
        let traits = TerminalTraits.current()
        let theme = Theme(usesColor: traits.usesColor, isASCII: traits.isASCII || options.isASCII)
        let dashboard = Dashboard(DemoContent.snapshot(options, logs: store), theme: theme)
        let (commands, sink) = AsyncStream.makeStream(
            of: DashboardCommand.self, bufferingPolicy: .bufferingNewest(64))
        var screenOptions = ScreenOptions()
        screenOptions.usesColor = traits.usesColor
        screenOptions.outputPath = options.outputPath
        if traits.isRemote { screenOptions.framesPerSecond = 10 }
        let screen = try CursesScreen.open(
            screenOptions,
            render: { size in
                let frame = dashboard.render(size)
                return ScreenFrame(frame.grid, wantsAnother: frame.wantsAnother)
            },
            onKey: { key in
                for command in dashboard.handle(key) { sink.yield(command) }
            })
        store.setObserver { screen.wake() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await produce(store) }
            for await command in commands {
                if [.quit, .interrupt, .forceQuit].contains(command) { break }
                if command == .repaint { screen.repaint() }
                note(command, dashboard, screen)
            }
            group.cancelAll()
        }
        screen.close()
        try writeStatistics(screen.statistics, store)
        for line in DashboardSummary.lines(dashboard.snapshot, logFolder: options.logFolder) { print(line) }
    }

    private func note(_ command: DashboardCommand, _ dashboard: Dashboard, _ screen: CursesScreen) {
        let text: String
        switch command {
        case .trigger(let name): text = "triggered \(name) by hand"
        case .triggerAll: text = "triggered all by hand"
        case .restart(let name): text = "restarting the Pod of \(name)"
        case .press(let button): text = "started \(button)"
        case .quit, .interrupt, .forceQuit, .repaint: return
        }
        dashboard.update { snapshot in
            let sequence = (snapshot.events.last?.sequence ?? 0) + 1
            snapshot.events.append(
                EventRow(
                    sequence: sequence, time: DemoContent.start + 60_000, level: .info, source: "you", text: text))
        }
        screen.wake()
    }

    /// Keeps writing at the asked rate, in batches of 10 ms.
    private func produce(_ store: LogStore) async {
        guard options.rate > 0 else { return }
        let batch = max(1, options.rate / 100)
        var number = 0
        while !Task.isCancelled {
            for _ in 0..<batch {
                DemoContent.append(store, number)
                number += 1
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private func writeStatistics(_ statistics: ScreenStatistics, _ store: LogStore) throws {
        guard let path = options.statisticsPath else { return }
        let text =
            "wakeups \(statistics.wakeUps)\nframes \(statistics.frames)\ncells \(statistics.cells)\n"
            + "memory \(store.memoryInUse)\n"
        guard let file = fopen(path, "w") else {
            throw DevloopError(.file, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        fputs(text, file)
        fclose(file)
    }
}
