// SPDX-License-Identifier: Apache-2.0

import NewsCore
package import ObjectModel
import Wire

/// Feeds in Redis: under the user's name a list, to the end of which each event is pushed, as in the original. The
/// values are JSON; the original's are TOML, and nobody but the news service reads them.
package struct RedisNewsStore: NewsStore {
    /// One for events that come, one for those who ask: a burst of events must not hold up the readers.
    private let writer: RedisConnection
    private let reader: RedisConnection

    package init(host: String, port: Int) {
        writer = RedisConnection(host: host, port: port)
        reader = RedisConnection(host: host, port: port)
    }

    /// Waits for the server with growing pauses until `patience` is over, then throws.
    package func prepare(patience: Duration, waiting: @Sendable (String) -> Void) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        var pause = Duration.milliseconds(100)
        while true {
            do {
                try await reader.ping()
                return
            } catch {
                try Task.checkCancellation()
                guard clock.now + pause < deadline else { throw DomainError("Redis does not answer: \(error)") }
                waiting("\(error)")
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
    }

    package func add(_ event: NewsEvent) async throws {
        let value: JSON = [
            "type": .number(String(event.kind.rawValue)), "url": .string(event.url),
            "time": .string(event.time.exactRFC3339),
        ]
        let command = [Array("RPUSH".utf8), Array(event.username.utf8), Array(value.text.utf8)]
        _ = try await writer.command(command, isQuestion: false)
    }

    /// A full page may have a successor, and has a token then: so it is in the original, and the last may be empty.
    package func events(
        of user: String, from start: Int, limit: Int
    ) async throws -> (events: [NewsEvent], next: Int?) {
        let (end, overflow) = start.addingReportingOverflow(limit - 1)
        guard !overflow, end < Int.max else { return ([], nil) }
        let command = ["LRANGE", user, String(start), String(end)].map { Array($0.utf8) }
        guard case .texts(let values) = try await reader.command(command, isQuestion: true) else { return ([], nil) }
        return (values.compactMap { event($0, of: user) }, values.count == limit ? end + 1 : nil)
    }

    /// `nil` for a value that is none of ours.
    private func event(_ value: [UInt8], of user: String) -> NewsEvent? {
        guard let fields = try? FieldReader(JSONParser.firstValue(in: value)) else { return nil }
        var (type, url, time) = (-1, "", Timestamp.zero)
        do {
            try fields.read("type", into: &type)
            try fields.read("url", into: &url)
            try fields.read("time", into: &time)
        } catch {
            return nil
        }
        return LinkEvent.Kind(rawValue: type).map { NewsEvent(kind: $0, username: user, url: url, time: time) }
    }
}
