// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Runs `body` and cancels it when `limit` has passed.
/// - Throws: `DevloopError` with a timeout as cause, or what `body` throws.
package func withDeadline<Result: Sendable>(
    _ limit: Duration, address: String, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let result = first else {
            throw DevloopError(
                .clusterUnreachable, "no answer from \(address) within \(limit)",
                hint: "check that the server answers and that no firewall or proxy is in between",
                cause: HTTPFailure(kind: .timeout))
        }
        return result
    }
}
