// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import KubeClient
package import LoopEngine
package import SwiftBuilder

/// The log of a container as the engine reads it.
package enum ContainerLog {
    /// The lines of its runs, one run after the other, without gap or repeat, whatever happens to the connection; after a
    /// crash report the places in the sources. A line is read only when the one before it was taken, so that a flood
    /// waits in the kernel.
    /// - Parameter runs: ids of the container: one that has been started again has another log under its name.
    package static func lines(
        _ client: KubeClient, namespace: String, pod: String, container: String, runs: AsyncStream<String>,
        symbolizer: Symbolizer
    ) -> AsyncThrowingStream<LoopEngine.LogLine, any Error> {
        let place = LogPlace()
        let iterator = LogIterator(runs, symbolizer) { run in
            client.followLogs(namespace: namespace, pod: pod, container: container, life: run, place: place)
        }
        return AsyncThrowingStream { await iterator.next() }
    }
}

/// The state of a log reader behind a stream that is unfolded by one consumer. Below a crash report it adds the places
/// in the sources.
actor LogIterator {
    private let follow: @Sendable (String) -> LogFollower
    private let runs: AsyncStream<String>
    /// Of the run that is being read.
    private var iterator: LogFollower.AsyncIterator?
    private var crashes = CrashReader()
    private let symbolizer: Symbolizer
    private var notes: [LoopEngine.LogLine] = []

    init(
        _ runs: AsyncStream<String>, _ symbolizer: Symbolizer, _ follow: @escaping @Sendable (String) -> LogFollower
    ) {
        self.runs = runs
        self.symbolizer = symbolizer
        self.follow = follow
    }

    /// nil when there are no more runs, or when the task is cancelled.
    func next() async -> LoopEngine.LogLine? {
        if !notes.isEmpty { return notes.removeFirst() }
        while true {
            if let line = await nextOfRun() { return line }
            guard !Task.isCancelled, let run = await nextRun() else { return nil }
            iterator = follow(run).makeAsyncIterator()
            crashes = CrashReader()
        }
    }

    private func nextRun() async -> String? {
        for await run in runs { return run }
        return nil
    }

    private func nextOfRun() async -> LoopEngine.LogLine? {
        guard var current = iterator else { return nil }
        iterator = nil
        defer { iterator = current }
        while let event = await current.next() {
            guard case .line(let line) = event else { continue }
            let milliseconds = line.time.map { Int64($0.seconds) * 1000 + Int64($0.nanoseconds) / 1_000_000 }
            let time = milliseconds.map(WallTime.init(milliseconds:)) ?? LiveEnvironment.wall()
            if let report = crashes.read(line.text) {
                let text = await CrashNotes.lines(report, symbolizer)
                notes = text.map { LoopEngine.LogLine(time: time, bytes: Array($0.utf8)) }
            }
            return LoopEngine.LogLine(time: time, bytes: line.text)
        }
        return nil
    }
}

/// A crash in the words of the sources.
enum CrashNotes {
    /// Nothing for reports about programs that devloop did not build.
    static func lines(_ report: CrashReport, _ symbolizer: Symbolizer) async -> [String] {
        let places = await symbolizer.lines(for: report)
        return places.isEmpty ? [] : ["devloop: the program crashed: \(report.cause)"] + places.map { "  \($0)" }
    }

    /// The last lines of a log; of one that ends with a crash report what that says, with what was written before it.
    static func last(_ count: Int, of lines: [String], _ symbolizer: Symbolizer) async -> [String] {
        var reader = CrashReader()
        var found: [String] = []
        for line in lines {
            if let report = reader.read(line) { found = await self.lines(report, symbolizer) }
        }
        guard !found.isEmpty else { return Array(lines.suffix(count)) }
        let before = lines.prefix { !$0.hasPrefix("*** ") }.filter { !$0.isEmpty }
        return before.suffix(2) + found.prefix(max(count - 2, 1))
    }
}
