// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import KubeClient
package import LoopEngine
package import SwiftBuilder

/// The log of one run of a container as the engine reads it.
package enum ContainerLog {
    /// The lines of that run without gap or repeat, whatever happens to the connection; after a crash report the places in
    /// the sources. A line is read only when the one before it was taken, so that a flood waits in the kernel.
    /// - Parameter run: the container's id: one that has been started again meanwhile has another log under its name.
    package static func lines(
        _ client: KubeClient, namespace: String, pod: String, container: String, run: String, symbolizer: Symbolizer
    ) -> AsyncThrowingStream<LoopEngine.LogLine, any Error> {
        let source = client.followLogs(namespace: namespace, pod: pod, container: container, life: run)
        let iterator = LogIterator(source.makeAsyncIterator(), symbolizer)
        return AsyncThrowingStream { await iterator.next() }
    }
}

/// The state of a log reader behind a stream that is unfolded by one consumer. Below a crash report it adds the places
/// in the sources.
actor LogIterator {
    private var iterator: LogFollower.AsyncIterator?
    private var crashes = CrashReader()
    private let symbolizer: Symbolizer
    private var notes: [LoopEngine.LogLine] = []

    init(_ iterator: LogFollower.AsyncIterator, _ symbolizer: Symbolizer) {
        self.iterator = iterator
        self.symbolizer = symbolizer
    }

    func next() async -> LoopEngine.LogLine? {
        if !notes.isEmpty { return notes.removeFirst() }
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
