// SPDX-License-Identifier: Apache-2.0

import LinkCore
import ObjectModel
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct FollowerRoundsTests {
    /// Runs `rounds` over `changes` and returns the lines of its report, until `count` of them are there.
    private func report(
        _ changes: [String], count: Int, patience: Duration = .seconds(50),
        followers: @escaping @Sendable (String) async throws -> [String]
    ) async -> [String] {
        let (lines, sink) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .unbounded)
        let rounds = FollowerRounds(firstPause: .milliseconds(1), patience: patience, followers: followers) {
            change, outcome in
            switch outcome {
            case .found(let followers): sink.yield("\(change.username) found \(followers)")
            case .retrying(let reason): sink.yield("\(change.username) retrying \(reason)")
            case .givenUp(let reason): sink.yield("\(change.username) givenUp \(reason)")
            case .dropped: sink.yield("\(change.username) dropped")
            }
        }
        for user in changes { rounds.take(LinkChange(kind: .added, username: user, url: "u")) }
        return await withTaskGroup { group in
            group.addTask { await rounds.run() }
            defer { group.cancelAll() }
            var seen: [String] = []
            for await line in lines {
                seen.append(line)
                if seen.count == count { break }
            }
            return seen
        }
    }

    @Test func triesAgainUntilThereIsAnAnswerAndKeepsTheOrder() async {
        let failures = Atomic(3)
        let lines = await report(["a", "b"], count: 3) { user in
            guard user == "b" || failures.subtract(1, ordering: .relaxed).oldValue <= 0 else {
                throw DomainError("down")
            }
            return ["f-\(user)"]
        }
        #expect(lines == ["a retrying down", #"a found ["f-a"]"#, #"b found ["f-b"]"#])
    }

    @Test func givesUpInTheEndAndGoesOn() async {
        let lines = await report(["a", "b"], count: 3, patience: .milliseconds(20)) { user in
            guard user == "b" else { throw DomainError("down") }
            return []
        }
        #expect(lines == ["a retrying down", "a givenUp down", "b found []"])
    }

    @Test func aFloodIsCountedNotKept() async {
        let users = (0..<1_030).map { "u\($0)" }
        let lines = await report(users, count: 1_030) { _ in [] }
        #expect(lines.filter { $0.hasSuffix("dropped") } == (1_024..<1_030).map { "u\($0) dropped" })
    }

    /// A bus that fails between two followers is tried again with the second: nobody hears a thing twice.
    @Test func eachFollowerIsToldOnceThoughTellingFails() async {
        let told = Mutex<[String]>([])
        let failures = Atomic(2)
        let (done, finish) = AsyncStream.makeStream(of: [String].self, bufferingPolicy: .unbounded)
        let rounds = FollowerRounds(
            firstPause: .milliseconds(1), followers: { _ in ["liat", "guy", "moshe"] },
            tell: { change, follower in
                if follower == "guy", failures.subtract(1, ordering: .relaxed).oldValue > 0 { throw DomainError("bus") }
                told.withLock { $0.append("\(change.url) \(follower)") }
            },
            report: { _, outcome in
                if case .found(let followers) = outcome { finish.yield(followers) }
            })
        rounds.take(LinkChange(kind: .added, username: "gigi", url: "u"))
        await withTaskGroup { group in
            group.addTask { await rounds.run() }
            for await followers in done {
                #expect(followers == ["liat", "guy", "moshe"])
                break
            }
            group.cancelAll()
        }
        #expect(told.withLock { $0 } == ["u liat", "u guy", "u moshe"])
    }
}
