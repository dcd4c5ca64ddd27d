// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Synchronization

/// Append-only lines for pipes, CI logs and screen readers: `service | what happened`. No cursor, no colour.
final class PlainOutput: Sendable {
    private struct State {
        var width = 8
        var model = SessionModel()
        var last: ContinuousClock.Instant
    }

    /// Silence that is broken by a line that says what is waited for.
    private static let heartbeat = Duration.seconds(30)
    private let state: Mutex<State>
    private let now: @Sendable () -> ContinuousClock.Instant

    init(now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.now = now
        state = Mutex(State(last: now()))
    }

    /// Prints until the journal is closed.
    func follow(_ events: AsyncStream<Event>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.beat() }
            for await event in events {
                state.withLock { $0.model.apply(event) }
                guard event.kind != .sessionEnded else { continue }
                if let line = EventText.line(event) {
                    print(
                        line.source, line.level == "." || line.level == "I" ? line.text : "\(line.level) \(line.text)")
                } else if event.kind == .logWritten, let text = event.fields["text"]?.string {
                    print(event.resource ?? "devloop", text)
                }
            }
            group.cancelAll()
        }
    }

    /// A line that a container or a local command wrote; what could drive a terminal is shown, not sent.
    func log(_ resource: String, _ line: LogLine) { print(resource, String(decoding: line.bytes, as: UTF8.self)) }

    /// Words of Pods stand in messages, too: a probe's, a container's last ones.
    private func print(_ source: String, _ text: String) {
        let lines = state.withLock { state in
            state.width = max(state.width, source.count)
            state.last = now()
            let prefix = source + String(repeating: " ", count: state.width - source.count)
            return PrintableText.lines(text).map { "\(prefix) | \($0)" }
        }
        StandardOutput.write(lines.joined(separator: "\n"))
    }

    private func beat() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
            let waiting: String? = state.withLock { state in
                guard now() - state.last >= Self.heartbeat else { return nil }
                let open = state.model.services.filter { $0.state != "ready" }
                guard !open.isEmpty else {
                    state.last = now()
                    return nil
                }
                return open.map { "\($0.name) \($0.state)\($0.reason.isEmpty ? "" : ": \($0.reason)")" }
                    .joined(separator: "; ")
            }
            if let waiting { print("devloop", "waiting for \(waiting)") }
        }
    }
}
