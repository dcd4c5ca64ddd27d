// SPDX-License-Identifier: Apache-2.0

/// The lines of one source that are in memory, oldest first.
struct SourceLog: Sendable {
    let source: LogSource
    /// Chunks in order; those before `head` are gone and empty.
    private var chunks: [LogChunk] = []
    private var head = 0
    /// Lines ever written.
    private(set) var written = 0
    /// Lines that are no longer in memory.
    private(set) var evicted = 0
    /// Bytes of memory in use.
    private(set) var cost = 0

    init(source: LogSource) { self.source = source }

    var live: ArraySlice<LogChunk> { chunks[head...] }
    var chunkCount: Int { chunks.count - head }

    mutating func append(_ line: ArraySlice<UInt8>, _ record: LogRecord) {
        if chunks.count == head || !chunks[chunks.count - 1].hasRoom(for: line.count) {
            chunks.append(LogChunk(firstIndex: written, reserve: chunks.count > head))
            cost += chunks[chunks.count - 1].cost
        }
        let last = chunks.count - 1
        let before = chunks[last].cost
        chunks[last].append(line, record)
        cost += chunks[last].cost - before
        written += 1
    }

    /// Forgets the oldest chunk; the newest one stays.
    /// - Returns: whether there was one to forget.
    mutating func evictOldest() -> Bool {
        guard chunkCount > 1 else { return false }
        cost -= chunks[head].cost
        evicted += chunks[head].records.count
        chunks[head] = LogChunk(firstIndex: 0, reserve: false)
        head += 1
        if head > 64, head * 2 > chunks.count {
            chunks.removeFirst(head)
            head = 0
        }
        return true
    }

    /// Calls `body` with the lines at or before `sequence`, newest first, until it answers false.
    func forEachBackward(from sequence: UInt64, _ body: (LogChunk, LogRecord) -> Bool) {
        for chunk in live.reversed() {
            guard let first = chunk.records.first, first.sequence <= sequence else { continue }
            var index = sequence == .max ? chunk.records.count : chunk.index(atOrAfter: sequence + 1)
            while index > 0 {
                index -= 1
                if !body(chunk, chunk.records[index]) { return }
            }
        }
    }

    /// Calls `body` with the lines after `sequence`, oldest first, until it answers false.
    func forEachForward(after sequence: UInt64, _ body: (LogChunk, LogRecord) -> Bool) {
        for chunk in live {
            guard let last = chunk.records.last, last.sequence > sequence else { continue }
            for index in chunk.index(atOrAfter: sequence + 1)..<chunk.records.count {
                if !body(chunk, chunk.records[index]) { return }
            }
        }
    }

    /// Lines in memory with a sequence greater than `sequence`.
    func count(after sequence: UInt64) -> Int {
        for chunk in live {
            guard let last = chunk.records.last, last.sequence > sequence else { continue }
            return written - chunk.firstIndex - chunk.index(atOrAfter: sequence + 1)
        }
        return 0
    }

    func line(_ chunk: LogChunk, _ record: LogRecord) -> LogLine {
        LogLine(
            sequence: record.sequence, source: source, time: record.time, level: record.level, stream: record.stream,
            isContinuation: record.isContinuation, bytes: Array(chunk.text(of: record)))
    }
}
