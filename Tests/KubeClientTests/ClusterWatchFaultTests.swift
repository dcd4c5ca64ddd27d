// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Synchronization
import Testing

@testable import KubeClient

/// Watches of the real API server, through a proxy that cuts, hangs and refuses: they converge, and do not turn in circles
/// while they wait.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ClusterWatchFaultTests {
    /// A hundred changes while the connection is cut again and again: what is reported makes up what is there, and no
    /// version of an object is reported twice.
    @Test func aFollowerConvergesThroughCuts() async throws {
        try await ClusterFixture.run("cuts") { fixture in
            let proxied = try ProxiedCluster(ProxiedCluster.cuts(25, from: 3_000, to: 30_000))
            defer { proxied.proxy.stop() }
            let board = Mutex(Board())
            let follower = Task {
                for await event in proxied.client.follow(.configMaps, namespace: fixture.namespace) {
                    board.withLock { $0.take(event) }
                }
            }
            for number in 0..<100 {
                let name = "map-\(number % 10)"
                if number % 7 == 6 {
                    try await fixture.client.delete(.configMaps, name: name, namespace: fixture.namespace)
                } else {
                    _ = try await fixture.client.apply(
                        [
                            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)],
                            "data": [
                                "step": .string(String(number)), "fill": .string(String(repeating: "x", count: 500)),
                            ],
                        ], namespace: fixture.namespace)
                }
                if number % 20 == 19 { proxied.proxy.cutAll() }
            }
            let want = try await fixture.client.list(.configMaps, namespace: fixture.namespace).items
            let converged = await poll(deadline: .seconds(60)) {
                board.withLock { $0.versions } == Board.versions(want)
            }
            #expect(converged)
            follower.cancel()
            await follower.value
            board.withLock { board in
                #expect(board.faults.isEmpty, "\(board.faults)")
                #expect(board.interruptions > 0)
            }
        }
    }

    /// What a follower has reported.
    private struct Board {
        var versions: [String: String] = [:]
        var seen: Set<String> = []
        var faults: [String] = []
        var interruptions = 0

        static func versions(_ objects: [JSONValue]) -> [String: String] {
            Dictionary(uniqueKeysWithValues: objects.map { (uid($0), version($0)) })
        }

        private static func uid(_ object: JSONValue) -> String { object.at("metadata", "uid")?.string ?? "" }
        private static func version(_ object: JSONValue) -> String {
            object.at("metadata", "resourceVersion")?.string ?? ""
        }

        mutating func take(_ event: FollowEvent) {
            switch event {
            case .added(let object):
                if versions.updateValue(Self.version(object), forKey: Self.uid(object)) != nil {
                    faults.append("added twice")
                }
                note(object)
            case .modified(let object):
                if versions.updateValue(Self.version(object), forKey: Self.uid(object)) == nil {
                    faults.append("modified before it was added")
                }
                note(object)
            case .deleted(let object):
                if versions.removeValue(forKey: Self.uid(object)) == nil { faults.append("deleted twice") }
            case .disconnected: interruptions += 1
            case .connected, .synced: break
            }
        }

        private mutating func note(_ object: JSONValue) {
            if !seen.insert("\(Self.uid(object))@\(Self.version(object))").inserted { faults.append("reported twice") }
        }
    }

    /// A server that takes the watch and then says nothing more, not even its end, is left for another connection.
    @Test func aWatchThatHangsIsOpenedAgain() async throws {
        try await ClusterFixture.run("hang") { fixture in
            // The first connection carries the list, the second the watch.
            let proxied = try ProxiedCluster(watchSeconds: 1...1) { number in number == 1 ? .hang(after: 4_500) : .none
            }
            defer { proxied.proxy.stop() }
            let seen = Mutex<(added: Set<String>, breaks: Int)>(([], 0))
            let follower = Task {
                for await event in proxied.client.follow(.configMaps, namespace: fixture.namespace) {
                    seen.withLock { seen in
                        if case .added(let object) = event {
                            seen.added.insert(object.at("metadata", "name")?.string ?? "")
                        }
                        if case .disconnected = event { seen.breaks += 1 }
                    }
                }
            }
            var want: Set<String> = []
            let broken = try await poll(deadline: .seconds(40), every: .milliseconds(300)) {
                let name = "map-\(want.count)"
                want.insert(name)
                _ = try await fixture.client.apply(
                    ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)]],
                    namespace: fixture.namespace)
                return seen.withLock { $0.breaks > 0 }
            }
            #expect(broken)
            #expect(await poll { seen.withLock { $0.added.isSuperset(of: want) } })
            follower.cancel()
            await follower.value
        }
    }

    enum Outage: CaseIterable, CustomTestStringConvertible {
        case refused, reset, halfClosed, slow
        var testDescription: String { "\(self)" }

        @Sendable func fault(_ number: Int) -> FaultProxy.Fault {
            switch self {
            case .refused: .none
            case .reset: .refuse
            case .halfClosed: .halfClose(after: 3_000)
            case .slow: .slow(milliseconds: 5, piece: 700)
            }
        }
    }

    /// While the server is away for seconds, tries are few and cost next to no time; when it is back, all is well.
    @Test(arguments: Outage.allCases) func anOutageIsNoBusyLoop(_ outage: Outage) async throws {
        try await ClusterFixture.run("outage") { fixture in
            let isOut = Mutex(true)
            let proxied = try ProxiedCluster { number in isOut.withLock { $0 } ? outage.fault(number) : .none }
            defer { proxied.proxy.stop() }
            if outage == .refused { proxied.proxy.stop() }
            let events = Mutex<(connected: Int, disconnected: Int, added: Int)>((0, 0, 0))
            let follower = Task {
                for await event in proxied.client.follow(.configMaps, namespace: fixture.namespace) {
                    events.withLock { events in
                        switch event {
                        case .connected: events.connected += 1
                        case .disconnected: events.disconnected += 1
                        case .added: events.added += 1
                        default: break
                        }
                    }
                }
            }
            let before = ProcessTime.used()
            let start = ContinuousClock.now
            if outage == .slow {
                #expect(await poll(deadline: .seconds(30)) { events.withLock { $0.connected } == 1 })
            } else {
                #expect(await poll(deadline: .seconds(30)) { events.withLock { $0.disconnected } >= 5 })
                // Five tries with growing pauses: less than a second would be no pauses, and each costs little.
                #expect(ContinuousClock.now - start > .milliseconds(900))
                #expect(proxied.proxy.connections <= 25)
            }
            print("\(outage): \(ProcessTime.used() - before) of processor time in \(ContinuousClock.now - start)")
            isOut.withLock { $0 = false }
            if outage == .refused { try proxied.proxy.start() }
            proxied.proxy.cutAll()
            _ = try await fixture.client.apply(
                ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "new"]], namespace: fixture.namespace)
            #expect(await poll(deadline: .seconds(30)) { events.withLock { $0.added > 0 && $0.connected > 0 } })
            follower.cancel()
            await follower.value
        }
    }

    /// The real API server, but every other answer is 429 or 503 for a while.
    @Test func stormsOfRefusalPass() async throws {
        try await ClusterFixture.run("storm") { fixture in
            try await PlainGateway.run { port in
                let left = Mutex(30)
                let proxy = try FaultProxy(to: port) { number in
                    let isStorm = left.withLock { left in
                        left -= 1
                        return left > 0
                    }
                    guard isStorm, number % 2 == 0 else { return .none }
                    let status = number % 4 == 0 ? "429 Too Many Requests\r\nRetry-After: 0" : "503 Unavailable"
                    return .answer("HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                }
                defer { proxy.stop() }
                let text = """
                    current-context: x
                    clusters: [{name: c, cluster: {server: 'http://127.0.0.1:\(proxy.port)'}}]
                    contexts: [{name: x, context: {cluster: c, user: ''}}]
                    """
                let config = try KubeConfig(parsing: Array(text.utf8), file: "/k/config")
                let added = Mutex<Set<String>>([])
                let follower = Task {
                    let client = try KubeClient(config: config)
                    for await event in client.follow(.configMaps, namespace: fixture.namespace) {
                        if case .added(let object) = event {
                            _ = added.withLock { $0.insert(object.at("metadata", "name")?.string ?? "") }
                        }
                    }
                }
                for number in 0..<10 {
                    // A client, and so a connection, of its own: each goes through its own part of the storm.
                    _ = try await KubeClient(config: config).apply(
                        ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string("map-\(number)")]],
                        namespace: fixture.namespace)
                }
                #expect(await poll(deadline: .seconds(30)) { added.withLock { $0.count } >= 10 })
                follower.cancel()
                _ = await follower.result
            }
        }
    }
}
