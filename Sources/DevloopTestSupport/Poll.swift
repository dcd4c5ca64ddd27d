// SPDX-License-Identifier: Apache-2.0

/// Looks at a condition until it holds or the deadline has passed; whether it held. Tests wait with this, never by a
/// fixed time.
package func poll(
    deadline: Duration = .seconds(10), every interval: Duration = .milliseconds(10),
    until condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = ContinuousClock.now + deadline
    while true {
        if try await condition() { return true }
        guard ContinuousClock.now < end, !Task.isCancelled else { return false }
        try? await Task.sleep(for: interval)
    }
}
