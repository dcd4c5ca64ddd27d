// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lines of all resources, bounded in memory and never lost in silence: what is evicted is counted, and its text is in
/// the files of the ``LogSink``.
///
/// Writers never wait for a reader longer than for the copy of one screenful. Lines are addressed by sequence number.
package final class LogStore: Sendable {
    /// Memory for text and records together, in bytes, unless said otherwise (design §4.6).
    package static let defaultBudget = 16 * 1024 * 1024
    /// A line longer than this is split, and its further parts are marked as continuations.
    package static let longestLine = 16 * 1024

    struct State: Sendable {
        var logs: [SourceLog] = []
        var byName: [String: Int] = [:]
        var nextSequence: UInt64 = 1
        var cost = 0
        var redactor = Redactor([])
        var changed: (@Sendable () -> Void)?
    }

    let state = Mutex(State())
    /// Bytes of memory for everything.
    package let budget: Int
    private let sink: (any LogSink)?

    /// - Parameter sink: takes the text of every line, for the files; nil keeps nothing on disk.
    package init(budget: Int = LogStore.defaultBudget, sink: (any LogSink)? = nil) {
        self.budget = budget
        self.sink = sink
    }

    /// The source of a name, registered at the first use.
    package func source(_ name: String) -> LogSource {
        state.withLock { Self.source(name, &$0) }
    }

    /// All sources in the order of their registration.
    package var sources: [LogSource] {
        state.withLock { $0.logs.map(\.source) }
    }

    /// Texts that are replaced by `[redacted]` in every line from now on.
    package func setSecrets(_ secrets: [[UInt8]]) {
        let redactor = Redactor(secrets)
        state.withLock { $0.redactor = redactor }
    }

    /// The texts that are replaced, for what does not pass through the store, such as events.
    package var redactor: Redactor { state.withLock { $0.redactor } }

    /// Called after each append, outside the lock and on the writer's thread; meant for a screen's coalesced wake-up.
    package func setObserver(_ changed: (@Sendable () -> Void)?) {
        state.withLock { $0.changed = changed }
    }

    /// Adds whole lines. Line ends may be in `bytes`; the last one may be missing.
    /// - Parameter level: nil to look for a level in the text of each line.
    /// - Parameter time: milliseconds since 1970, UTC.
    package func append(
        _ bytes: some Sequence<UInt8>, source name: String, level: LogLevel? = nil, time: Int64,
        stream: LogStream = .standardOutput
    ) {
        let bytes = Array(bytes)
        guard !bytes.isEmpty else { return }
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let whole = bytes.last == 0x0A ? lines.dropLast() : lines[...]
        append(whole.map { JoinedLine(text: $0, isContinuation: false) }, name, level, time, stream)
    }

    /// Adds one line without its line end: what a container's log delivers.
    /// - Parameter time: milliseconds since 1970, UTC.
    package func append(line: [UInt8], source name: String, time: Int64) {
        append([JoinedLine(text: line[...], isContinuation: false)], name, nil, time, .standardOutput)
    }

    /// A writer for one stream of bytes, which joins lines that arrive in pieces.
    package func writer(_ name: String, stream: LogStream, level: LogLevel? = nil) -> LogWriter {
        LogWriter(store: self, source: source(name), stream: stream, level: level)
    }

    /// Where the sink keeps the log of a source.
    func sinkPath(_ name: String) -> String? { sink?.path(of: name) }

    func append(_ lines: [JoinedLine], _ name: String, _ level: LogLevel?, _ time: Int64, _ stream: LogStream) {
        guard !lines.isEmpty else { return }
        let redactor = self.redactor
        var output: [UInt8] = []
        let clean = lines.flatMap { Self.prepare($0, redactor) }
        let levels = level == nil ? clean.map { LogLevel.detect($0.text) } : []
        let changed = state.withLock { state in
            let index = Self.source(name, &state).index
            let before = state.logs[index].cost
            for (position, line) in clean.enumerated() {
                var flags = stream.rawValue
                if line.isContinuation { flags |= LogRecord.continuation }
                let record = LogRecord(
                    sequence: state.nextSequence, time: time, offset: 0, length: 0,
                    level: level ?? levels[position], flags: flags)
                state.nextSequence += 1
                state.logs[index].append(line.text, record)
            }
            state.cost += state.logs[index].cost - before
            evict(&state)
            return state.changed
        }
        if let sink {
            for line in clean {
                if line.isContinuation, output.last == 0x0A { output.removeLast() }
                output.append(contentsOf: line.text)
                output.append(0x0A)
            }
            sink.write(output, source: name)
        }
        changed?()
    }

    /// The source that takes most of the memory pays for the new text, so that a noisy one cannot evict the others.
    private func evict(_ state: inout State) {
        while state.cost > budget {
            let order = state.logs.indices.filter { state.logs[$0].chunkCount > 1 }
            guard let largest = order.max(by: { state.logs[$0].cost < state.logs[$1].cost }) else { return }
            let before = state.logs[largest].cost
            guard state.logs[largest].evictOldest() else { return }
            state.cost -= before - state.logs[largest].cost
        }
    }

    private static func source(_ name: String, _ state: inout State) -> LogSource {
        if let index = state.byName[name] { return state.logs[index].source }
        let source = LogSource(index: state.logs.count, name: name)
        state.byName[name] = source.index
        state.logs.append(SourceLog(source: source))
        return source
    }

    /// Removes the carriage return and the secrets, then splits what is too long.
    private static func prepare(_ line: JoinedLine, _ redactor: Redactor) -> [JoinedLine] {
        var text = line.text
        if text.last == 0x0D { text = text.dropLast() }
        if let cleaned = redactor.redacted(text) { text = cleaned[...] }
        guard text.count > longestLine else { return [JoinedLine(text: text, isContinuation: line.isContinuation)] }
        var parts: [JoinedLine] = []
        while !text.isEmpty {
            parts.append(
                JoinedLine(text: text.prefix(longestLine), isContinuation: line.isContinuation || !parts.isEmpty))
            text = text.dropFirst(longestLine)
        }
        return parts
    }
}
