// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import DevloopTestSupport
import KubeClient
import LoopEngine
import Plan
import ProcessRunner
import Synchronization
import Testing

@testable import DevloopLive

/// Sessions that meet at one inventory, on the real cluster that `KUBECONFIG` names; their clock is the test's.
@Suite(.timeLimit(.minutes(3)))
struct InventoryClusterTests {
    private final class Clock: Sendable {
        private let time = Mutex(Int64(1_000_000))

        func advance(seconds: Int64) { time.withLock { $0 += seconds * 1000 } }

        /// Sleeps are never over: what is renewed is renewed by the test.
        var engine: EngineClock {
            EngineClock(
                now: { .now }, wall: { WallTime(milliseconds: self.time.withLock { $0 }) },
                sleep: { _ in try await Task.sleep(for: .seconds(3600)) })
        }
    }

    private struct Fixture {
        let client: KubeClient
        let namespace: String
        let clock = Clock()

        /// - Parameter host: another one is another machine.
        func keeper(_ host: String, project: String = "shop", holds: Bool = true, takesOver: Bool = false)
            -> InventoryKeeper
        {
            let now = clock.engine.wall()
            let me = SessionHolder(
                user: "ann", host: host, process: 1, command: "up", since: now, renewed: now)
            return InventoryKeeper(
                client: client, namespace: namespace, project: project, me: holds ? me : nil, clock: clock.engine,
                takesOver: takesOver)
        }

        func map(_ project: String = "shop") async throws -> Inventory? {
            try await client.find(.configMaps, name: "devloop-\(project)", namespace: namespace)
                .map { Inventory(project: project, $0) }
        }

        func makeNamespace() async throws {
            _ = try await client.create(
                ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(namespace)]])
        }
    }

    private static func run(_ makesNamespace: Bool = true, _ body: (Fixture) async throws -> Void) async throws {
        guard let path = ProcessEnvironment.value("KUBECONFIG"), !path.isEmpty else {
            throw DevloopError(.kubeconfig, "KUBECONFIG is not set", hint: "start a cluster: scripts/cluster up")
        }
        let fixture = Fixture(
            client: try KubeClient(config: try KubeConfig.load([path])),
            namespace: "devloop-test-inventory-\(UInt32.random(in: 0...0xFFFF))")
        if makesNamespace { try await fixture.makeNamespace() }
        do {
            try await body(fixture)
        } catch {
            _ = try? await fixture.client.delete(.namespaces, name: fixture.namespace)
            throw error
        }
        try await fixture.client.delete(.namespaces, name: fixture.namespace)
    }

    private static func entries(_ names: String...) -> [Inventory.Entry] {
        names.map { name in
            Inventory.Entry(
                ManifestObject(["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)]]),
                namespace: "shop")
        }
    }

    @Test func oneOfManyThatComeAtOnceHoldsIt() async throws {
        try await Self.run { fixture in
            let results = await withTaskGroup(of: String?.self) { group in
                for number in 0..<6 {
                    let keeper = fixture.keeper("host-\(number)")
                    group.addTask {
                        do {
                            try await keeper.open()
                            return nil
                        } catch {
                            return (error as? DevloopError)?.code.name ?? "\(error)"
                        }
                    }
                }
                return await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(results.filter { $0 == nil }.count == 1)
            #expect(results.compactMap { $0 } == Array(repeating: "session-busy", count: 5))
        }
    }

    @Test func aSilentSessionIsTakenOverAndNotices() async throws {
        try await Self.run { fixture in
            let first = fixture.keeper("laptop")
            try await first.open()
            #expect(try await first.note(Self.entries("a")) == nil)
            fixture.clock.advance(seconds: 39)
            let early = await #expect(throws: DevloopError.self) { try await fixture.keeper("desk").open() }
            #expect(
                early?.message.contains("devloop up of ann@laptop, process 1, since 1970-01-01T00:16:40.000Z") == true)
            fixture.clock.advance(seconds: 2)
            let second = fixture.keeper("desk")
            try await second.open()
            // What the first one applied is the second one's to prune.
            #expect(await second.left(keeping: []) == Self.entries("a"))
            // The first one wakes up.
            let late = await #expect(throws: DevloopError.self) { try await first.note(Self.entries("b")) }
            #expect(late?.code == .sessionBusy)
            #expect(late?.message.contains("ann@desk") == true)
            // Its end does not give away what is not its own.
            await first.close()
            #expect(try await fixture.map()?.holder?.host == "desk")
            await second.close()
            #expect(try await fixture.map()?.holder == nil)
            #expect(try await fixture.map()?.entries == Self.entries("a"))
        }
    }

    @Test("S09 a forced session takes the claim once: two of them do not fight")
    func aForcedSessionTakesOver() async throws {
        try await Self.run { fixture in
            let first = fixture.keeper("laptop")
            try await first.open()
            let second = fixture.keeper("desk", takesOver: true)
            try await second.open()
            #expect(await second.isOurs)
            let told = try await second.note(Self.entries("a"))
            #expect(told?.hasPrefix("taken over from devloop up of ann@laptop, process 1, since ") == true)
            #expect(try await second.note(Self.entries("a")) == nil)
            let late = await #expect(throws: DevloopError.self) { try await first.note(Self.entries("b")) }
            #expect(late?.code == .sessionBusy)
            #expect(late?.hint?.contains("--force") == true)
            #expect(await !first.isOurs)

            let third = fixture.keeper("train", takesOver: true)
            try await third.open()
            let lost = await #expect(throws: DevloopError.self) { try await second.note(Self.entries("c")) }
            #expect(lost?.code == .sessionBusy)
            #expect(await !second.isOurs)
            #expect(try await fixture.map()?.holder?.host == "train")
            for keeper in [first, second, third] { await keeper.close() }
            #expect(try await fixture.map()?.holder == nil)
        }
    }

    @Test func aLostClaimComesBackWhenTheOtherSessionEnds() async throws {
        try await Self.run { fixture in
            let first = fixture.keeper("laptop")
            try await first.open()
            fixture.clock.advance(seconds: 41)
            let second = fixture.keeper("desk")
            try await second.open()
            await #expect(throws: DevloopError.self) { try await first.note(Self.entries("a")) }
            await second.close()
            _ = try await first.note(Self.entries("a"))
            #expect(try await fixture.map()?.holder?.host == "laptop")
            #expect(try await fixture.map()?.entries == Self.entries("a"))
            await first.close()
            #expect(try await fixture.map()?.holder == nil)
        }
    }

    @Test func manyResourcesAreWrittenDownAtOnce() async throws {
        try await Self.run { fixture in
            let keeper = fixture.keeper("laptop")
            try await keeper.open()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask { _ = try await keeper.note(Self.entries("map-\(number)", "shared")) }
                }
                try await group.waitForAll()
            }
            #expect(try await fixture.map()?.entries.count == 21)
            await keeper.close()
        }
    }

    @Test func downWorksBesideASessionAndDeletesAnInventoryOfNothing() async throws {
        try await Self.run { fixture in
            let session = fixture.keeper("laptop")
            try await session.open()
            _ = try await session.note(Self.entries("a", "b"))
            let down = fixture.keeper("desk", holds: false)
            try await down.open()
            #expect(await down.otherHolder()?.host == "laptop")
            try await down.forget(Set(Self.entries("a")))
            // Both have changed it: each keeps what the other one wrote.
            _ = try await session.note(Self.entries("c"))
            #expect(try await fixture.map()?.entries == Self.entries("b", "c"))
            try await down.forget(Set(Self.entries("b")))
            #expect(try await fixture.map()?.entries == Self.entries("c"))
            #expect(try await fixture.map()?.holder?.host == "laptop")
            await down.close()
            #expect(try await fixture.map() != nil)
            await session.close()

            let last = fixture.keeper("desk", holds: false)
            try await last.open()
            try await last.forget(Set(Self.entries("c")))
            await last.close()
            #expect(try await fixture.map() == nil)
        }
    }

    @Test func whatEndedWellIsKnownToTheNextSession() async throws {
        try await Self.run { fixture in
            let first = fixture.keeper("laptop")
            try await first.open()
            let (one, two) = (Self.entries("one"), Self.entries("two"))
            _ = try await first.note(one + two)
            // The end of the second is seen before the apply of it has been answered.
            await first.follow(job: "uid-1", one[0], mark: "a")
            await first.succeeded(job: "uid-2")
            await first.follow(job: "uid-2", two[0], mark: "b")
            #expect(await !first.hasSucceeded(one[0], mark: "a"))
            await first.succeeded(job: "uid-1")
            // What is not written yet when the session ends is written then.
            await first.close()
            #expect(try await fixture.map()?.success(of: one[0]) == "a")

            let second = fixture.keeper("desk")
            try await second.open()
            #expect(await second.hasSucceeded(one[0], mark: "a"))
            #expect(await second.hasSucceeded(two[0], mark: "b"))
            #expect(await !second.hasSucceeded(one[0], mark: "changed"))
            // An earlier one that ends late says nothing about the one that was made since.
            try await second.forgetSuccess(of: one[0])
            await second.follow(job: "uid-3", one[0], mark: "c")
            await second.follow(job: "uid-4", one[0], mark: "d")
            await second.succeeded(job: "uid-3")
            #expect(await !second.hasSucceeded(one[0], mark: "c"))
            #expect(try await fixture.map()?.success(of: one[0]) == nil)

            // `down` forgets, beside a session too.
            let down = fixture.keeper("laptop", holds: false)
            try await down.open()
            try await down.forget(Set(two))
            await down.close()
            _ = try await second.note(Self.entries("three"))
            #expect(try await fixture.map()?.success(of: two[0]) == nil)
            #expect(try await fixture.map()?.entries == one + Self.entries("three"))
            await second.close()
        }
    }

    @Test func aNamespaceMayComeLater() async throws {
        try await Self.run(false) { fixture in
            let keeper = fixture.keeper("laptop")
            try await keeper.open()
            #expect(try await keeper.note(Self.entries("a")) == nil)
            #expect(try await fixture.map() == nil)
            try await fixture.makeNamespace()
            _ = try await keeper.note(Self.entries("a"))
            #expect(try await fixture.map()?.entries == Self.entries("a"))
            #expect(try await fixture.map()?.holder?.host == "laptop")
            // Somebody deletes it: the next one is complete again.
            try await fixture.client.delete(.configMaps, name: "devloop-shop", namespace: fixture.namespace)
            _ = try await keeper.note(Self.entries("b"))
            #expect(try await fixture.map()?.entries == Self.entries("a", "b"))
            await keeper.close()
        }
    }

    @Test func theHolderOfAnotherProjectIsKnown() async throws {
        try await Self.run { fixture in
            let other = fixture.keeper("desk", project: "other")
            try await other.open()
            let keeper = fixture.keeper("laptop")
            try await keeper.open()
            func owner(_ project: String) -> Ownership.Owner {
                Ownership.Owner(namespace: fixture.namespace, project: project)
            }
            #expect(try await keeper.holder(of: owner("other"))?.host == "desk")
            #expect(try await keeper.holder(of: owner("nobody")) == nil)
            await other.close()
            #expect(try await keeper.holder(of: owner("other")) == nil)
            await keeper.close()
        }
    }
}
