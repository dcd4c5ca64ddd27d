// SPDX-License-Identifier: Apache-2.0

/// Has the addresses of new links checked, behind the back of the requests. The checker answers by an event; that it
/// cannot be reached fails nothing, as in the original, and is reported.
package struct CheckRounds: Sendable {
    /// Addresses that may wait; a flood beyond them loses the newest, which is reported.
    static let capacity = 1_024
    /// Checks under way at the same time: one slow address must not hold up the others.
    static let width = 8

    private let links: AsyncStream<LinkChange>
    private let entry: AsyncStream<LinkChange>.Continuation
    private let ask: @Sendable (LinkChange) async throws -> Void
    private let failed: @Sendable (LinkChange, String) -> Void

    /// - Parameters:
    ///   - ask: has one link checked.
    ///   - failed: hears of a link that was not, and why.
    package init(
        ask: @escaping @Sendable (LinkChange) async throws -> Void,
        failed: @escaping @Sendable (LinkChange, String) -> Void
    ) {
        (links, entry) = AsyncStream.makeStream(of: LinkChange.self, bufferingPolicy: .bufferingOldest(Self.capacity))
        self.ask = ask
        self.failed = failed
    }

    /// Puts an added link in the queue and returns at once; other changes do not need a check.
    package func take(_ change: LinkChange) {
        guard change.kind == .added else { return }
        if case .dropped = entry.yield(change) { failed(change, "too many links wait") }
    }

    /// Works until it is cancelled. To be called once.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<Self.width { group.addTask { await work() } }
        }
    }

    private func work() async {
        for await change in links {
            do {
                try await ask(change)
            } catch {
                if !Task.isCancelled { failed(change, "\(error)") }
            }
        }
    }
}
