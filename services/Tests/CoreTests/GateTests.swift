// SPDX-License-Identifier: Apache-2.0

import Blocking
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct GateTests {
    @Test func noMoreThanItsWidthAreInside() async throws {
        let gate = Gate(width: 3)
        let crowd = Crowd()
        try await withThrowingTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    try await gate.pass {
                        crowd.enter()
                        await Task.yield()
                        crowd.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect((1...3).contains(crowd.most))
    }

    @Test func aFullQueueRefusesAndACancelledWaiterLeavesIt() async throws {
        let gate = Gate(width: 1, capacity: 1)
        let (release, open) = AsyncStream.makeStream(of: Void.self)
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await gate.pass {
                    enter.yield()
                    for await _ in release { break }
                }
            }
            for await _ in entered { break }
            let waiter = Task { try await gate.pass { true } }
            while gate.waiting == 0 { await Task.yield() }
            await #expect(throws: Gate.Full.self) { try await gate.pass { true } }
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
            let next = Task { try await gate.pass { true } }
            open.yield()
            #expect(try await next.value)
            try await group.waitForAll()
        }
        #expect(try await gate.pass { 7 } == 7)
    }

    @Test func aLaneRunsOffTheTasksThreadsAndPassesErrorsOn() async throws {
        struct Oops: Error {}
        let lane = BlockingLane(label: "test", width: 2)
        #expect(try await lane.run { 1 } == 1)
        await #expect(throws: Oops.self) { try await lane.run { throw Oops() } }
    }
}

/// Counts those who are inside at the same time.
private final class Crowd: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    var most: Int { counts.withLock { $0.most } }

    func enter() {
        counts.withLock { counts in
            counts.now += 1
            counts.most = max(counts.most, counts.now)
        }
    }

    func leave() { counts.withLock { $0.now -= 1 } }
}
