// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Which lines a view shows.
package enum LogScope: Hashable, Sendable {
    /// All sources, merged in the order of arrival.
    case all
    /// One source; a name that never wrote has no lines.
    case source(String)
}

/// Numbers that a view shows about its lines.
package struct LogCounts: Hashable, Sendable {
    /// Lines ever written.
    package var written = 0
    /// Lines that left memory; their text is in the files.
    package var evicted = 0
    /// Lines that are in memory.
    package var live: Int { written - evicted }
}

extension LogStore {
    /// The last lines up to and with `sequence`, oldest first.
    package func lines(_ scope: LogScope, through sequence: UInt64 = .max, limit: Int) -> [LogLine] {
        guard limit > 0 else { return [] }
        var lines = state.withLock { state in
            Self.logs(scope, state).flatMap { log in
                var found: [LogLine] = []
                log.forEachBackward(from: sequence) { chunk, record in
                    found.append(log.line(chunk, record))
                    return found.count < limit
                }
                return found
            }
        }
        lines.sort { $0.sequence < $1.sequence }
        return lines.suffix(limit)
    }

    /// The first lines after `sequence`, oldest first; 0 begins at the oldest line in memory.
    package func lines(_ scope: LogScope, after sequence: UInt64, limit: Int) -> [LogLine] {
        guard limit > 0 else { return [] }
        var lines = state.withLock { state in
            Self.logs(scope, state).flatMap { log in
                var found: [LogLine] = []
                log.forEachForward(after: sequence) { chunk, record in
                    found.append(log.line(chunk, record))
                    return found.count < limit
                }
                return found
            }
        }
        lines.sort { $0.sequence < $1.sequence }
        return Array(lines.prefix(limit))
    }

    /// The lines with these sequences, ascending; those that were evicted are left out.
    package func lines(_ scope: LogScope, sequences: some Sequence<UInt64>) -> [LogLine] {
        state.withLock { state in
            let logs = Self.logs(scope, state)
            return sequences.compactMap { sequence in
                for log in logs {
                    var line: LogLine?
                    log.forEachBackward(from: sequence) { chunk, record in
                        if record.sequence == sequence { line = log.line(chunk, record) }
                        return false
                    }
                    if let line { return line }
                }
                return nil
            }
        }
    }

    /// Lines in memory after `sequence`.
    package func count(_ scope: LogScope, after sequence: UInt64) -> Int {
        state.withLock { state in Self.logs(scope, state).reduce(0) { $0 + $1.count(after: sequence) } }
    }

    /// How many lines were written and evicted.
    package func counts(_ scope: LogScope) -> LogCounts {
        state.withLock { state in
            Self.logs(scope, state).reduce(into: LogCounts()) {
                $0.written += $1.written
                $0.evicted += $1.evicted
            }
        }
    }

    /// The nearest line of at least a level before or after `sequence`; nil without one in memory.
    package func nearest(_ level: LogLevel, _ scope: LogScope, from sequence: UInt64, older: Bool) -> UInt64? {
        guard !older || sequence > 0 else { return nil }
        let found = state.withLock { state in
            Self.logs(scope, state).compactMap { log in
                var hit: UInt64?
                let visit: (LogChunk, LogRecord) -> Bool = { _, record in
                    if record.level >= level { hit = record.sequence }
                    return hit == nil
                }
                if older {
                    log.forEachBackward(from: sequence - 1, visit)
                } else {
                    log.forEachForward(after: sequence, visit)
                }
                return hit
            }
        }
        return older ? found.max() : found.min()
    }

    /// Bytes of memory in use for text and records.
    package var memoryInUse: Int { state.withLock { $0.cost } }

    /// The sequence that the next line will get.
    package var nextSequence: UInt64 { state.withLock { $0.nextSequence } }

    /// The chunks of a scope as they are now, for a search that must not hold the lock.
    func snapshot(_ scope: LogScope) -> [SourceLog] { state.withLock { Self.logs(scope, $0) } }

    private static func logs(_ scope: LogScope, _ state: State) -> [SourceLog] {
        switch scope {
        case .all: state.logs
        case .source(let name): state.byName[name].map { [state.logs[$0]] } ?? []
        }
    }
}
