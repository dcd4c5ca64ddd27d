// SPDX-License-Identifier: Apache-2.0

import LinkCore
import ObjectModel
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct CheckRoundsTests {
    @Test func onlyAddedLinksAreCheckedAndAFailureIsSaid() async {
        let (lines, sink) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .unbounded)
        let rounds = CheckRounds(
            ask: { change in
                guard change.url != "bad" else { throw DomainError("down") }
                sink.yield("asked \(change.url)")
            },
            failed: { change, reason in sink.yield("failed \(change.url) \(reason)") })
        for kind in [LinkChange.Kind.updated, .deleted, .added] {
            rounds.take(LinkChange(kind: kind, username: "gigi", url: "\(kind)"))
        }
        rounds.take(LinkChange(kind: .added, username: "gigi", url: "bad"))
        let seen = await withTaskGroup { group in
            group.addTask { await rounds.run() }
            var seen: Set<String> = []
            for await line in lines {
                seen.insert(line)
                if seen.count == 2 { break }
            }
            group.cancelAll()
            return seen
        }
        #expect(seen == ["asked added", "failed bad down"])
    }

    /// One address that does not answer must not hold up the others.
    @Test func aSlowAddressDoesNotHoldUpTheRest() async {
        let (lines, sink) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .unbounded)
        let rounds = CheckRounds(
            ask: { change in
                if change.url == "slow" { try await Task.sleep(for: .seconds(600)) }
                sink.yield(change.url)
            },
            failed: { _, _ in })
        for url in ["slow"] + (0..<20).map(String.init) {
            rounds.take(LinkChange(kind: .added, username: "gigi", url: url))
        }
        let seen = await withTaskGroup { group in
            group.addTask { await rounds.run() }
            var seen: Set<String> = []
            for await line in lines {
                seen.insert(line)
                if seen.count == 20 { break }
            }
            group.cancelAll()
            return seen
        }
        #expect(seen == Set((0..<20).map(String.init)))
    }

    @Test func aFloodIsSaidNotKept() {
        let dropped = Mutex<[String]>([])
        let rounds = CheckRounds(ask: { _ in }, failed: { change, _ in dropped.withLock { $0.append(change.url) } })
        for number in 0..<1_026 { rounds.take(LinkChange(kind: .added, username: "gigi", url: "\(number)")) }
        #expect(dropped.withLock { $0 } == ["1024", "1025"])
    }
}
