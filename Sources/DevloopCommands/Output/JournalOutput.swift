// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import LoopEngine

/// Shows the journal of a command without a session while it works; Ctrl-C cancels the work.
enum JournalOutput {
    /// On standard output: the events are the answer.
    static func show(
        _ journal: Journal, as kind: Interface, _ work: @escaping @Sendable () async throws -> Void
    ) async throws {
        let events = journal.subscribe()
        try await follow(work) {
            switch kind {
            case .json: await JSONOutput.follow(events) { raise(SIGINT) }
            default: await PlainOutput(now: { ContinuousClock.now }).follow(events)
            }
        }
    }

    /// On standard error, for people: the answer is another one. Only what takes time or goes wrong is told.
    static func talk<Answer: Sendable>(
        _ journal: Journal, _ work: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let events = journal.subscribe()
        return try await follow(work) {
            for await event in events where event.kind != .planFailed && event.kind != .imageFailed {
                if let line = EventText.line(event) {
                    StandardError.write("\(line.source) | \(line.text)")
                } else if event.kind == .logWritten, let text = event.fields["text"]?.string {
                    StandardError.write(PrintableText.make(Array(text.utf8)))
                }
            }
        }
    }

    private static func follow<Answer: Sendable>(
        _ work: @escaping @Sendable () async throws -> Answer, show: @escaping @Sendable () async -> Void
    ) async throws -> Answer {
        let interrupts = Interrupts()
        defer { interrupts.stop() }
        let task = Task { try await work() }
        let signals = interrupts.signals
        let watch = Task {
            for await _ in signals {
                if task.isCancelled { InterfaceChoice.endAtOnce() }
                task.cancel()
            }
        }
        defer { watch.cancel() }
        // The journal is closed when the work has ended, and then all of it has been shown.
        await show()
        do {
            return try await task.value
        } catch is CancellationError {
            throw CommandEnd(status: .interrupted)
        }
    }
}
