// SPDX-License-Identifier: Apache-2.0

import ServiceKit
import Synchronization

/// Runs a service on a loopback port of the system's choice while `body` works with it.
func withService<Result: Sendable>(
    _ description: ServiceDescription, _ body: @escaping @Sendable (Int) async throws -> Result
) async throws -> Result {
    let (ports, sink) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask {
            try await HTTPServer(description).run { sink.yield($0) }
            return nil
        }
        group.addTask {
            for await port in ports { return try await body(port) }
            return nil
        }
        defer { group.cancelAll() }
        guard let result = try await group.next(), let result else { throw ServiceEnded() }
        return result
    }
}

/// The service ended while a test was using it.
struct ServiceEnded: Error {}

/// Collects what a service logs.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var write: @Sendable (String) -> Void {
        { line in self.lines.withLock { $0.append(line) } }
    }
}
