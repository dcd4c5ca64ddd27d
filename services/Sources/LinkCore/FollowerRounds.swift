// SPDX-License-Identifier: Apache-2.0

/// Asks, behind the back of the requests, who follows the owner of a changed link, and tells each of them.
/// The original did so within the request, so that a social graph that was down failed an add that had been stored.
///
/// Changes are worked off in order. One that finds no answer, or whose news are not taken, is tried again with growing
/// pauses from where it was, and given up after `patience`; those that wait behind it are not lost.
package struct FollowerRounds: Sendable {
    /// Changes that may wait; a flood beyond them loses the newest, which is counted and logged.
    static let capacity = 1_024

    /// What became of a change.
    package enum Outcome: Sendable {
        /// Everybody has been told.
        case found(followers: [String])
        /// The first failure of a change that will be tried again.
        case retrying(reason: String)
        case givenUp(reason: String)
        /// There was no room for it.
        case dropped
    }

    private let changes: AsyncStream<LinkChange>
    private let entry: AsyncStream<LinkChange>.Continuation
    private let followers: @Sendable (String) async throws -> [String]
    private let tell: @Sendable (LinkChange, String) async throws -> Void
    private let report: @Sendable (LinkChange, Outcome) -> Void
    private let firstPause: Duration
    private let patience: Duration

    /// - Parameters:
    ///   - firstPause: pause before the second try; each next one is twice as long, up to 5 s.
    ///   - patience: time after which a change is given up.
    ///   - followers: the names of those who follow a user.
    ///   - tell: brings a change to one follower.
    ///   - report: hears what became of each change.
    package init(
        firstPause: Duration = .milliseconds(200), patience: Duration = .seconds(60),
        followers: @escaping @Sendable (String) async throws -> [String],
        tell: @escaping @Sendable (LinkChange, String) async throws -> Void = { _, _ in },
        report: @escaping @Sendable (LinkChange, Outcome) -> Void
    ) {
        (changes, entry) = AsyncStream.makeStream(of: LinkChange.self, bufferingPolicy: .bufferingOldest(Self.capacity))
        self.firstPause = firstPause
        self.patience = patience
        self.followers = followers
        self.tell = tell
        self.report = report
    }

    /// Puts a change in the queue and returns at once.
    package func take(_ change: LinkChange) {
        if case .dropped = entry.yield(change) { report(change, .dropped) }
    }

    /// Works until it is cancelled. To be called once.
    package func run() async {
        for await change in changes {
            await work(on: change)
        }
    }

    private func work(on change: LinkChange) async {
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        var pause = firstPause
        var followers: [String]?
        var told = 0
        while !Task.isCancelled {
            do {
                let names: [String]
                if let followers { names = followers } else { names = try await self.followers(change.username) }
                followers = names
                while told < names.count {
                    try await tell(change, names[told])
                    told += 1
                }
                report(change, .found(followers: names))
                return
            } catch {
                guard !Task.isCancelled else { return }
                guard clock.now + pause < deadline else {
                    report(change, .givenUp(reason: "\(error)"))
                    return
                }
                if pause == firstPause { report(change, .retrying(reason: "\(error)")) }
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
    }
}
