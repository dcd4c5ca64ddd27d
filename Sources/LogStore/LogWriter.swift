// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A line, or a part of one that was too long.
struct JoinedLine: Sendable {
    var text: ArraySlice<UInt8>
    var isContinuation: Bool
}

/// Takes the bytes of one stream in whatever pieces they come, and gives the store whole lines.
package final class LogWriter: Sendable {
    private let store: LogStore
    private let source: LogSource
    private let stream: LogStream
    private let level: LogLevel?
    private let joiner = Mutex(LineJoiner())

    init(store: LogStore, source: LogSource, stream: LogStream, level: LogLevel?) {
        self.store = store
        self.source = source
        self.stream = stream
        self.level = level
    }

    /// - Parameter time: milliseconds since 1970, UTC; given to the lines that end in `bytes`.
    package func write(_ bytes: some Sequence<UInt8>, time: Int64) {
        let bytes = Array(bytes)
        let redactor = store.redactor
        // The lock is held over the append, so that two writes cannot change places.
        joiner.withLock { joiner in
            store.append(joiner.take(bytes, redactor), source.name, level, time, stream)
        }
    }

    /// The stream has ended: what is left without a line end becomes a line.
    package func finish(time: Int64) {
        joiner.withLock { joiner in
            store.append(joiner.rest(), source.name, level, time, stream)
        }
    }
}
