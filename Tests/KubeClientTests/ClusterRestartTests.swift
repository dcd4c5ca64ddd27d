// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import HTTPTransport
import Synchronization
import Testing

@testable import KubeClient

/// A cluster whose daemons are killed, whose history is thrown away, and which is made anew. Only for a cluster that
/// nobody else uses: `scripts/tests/fault-test` makes one and names it in `DEVLOOP_OWN_CLUSTER`.
@Suite(.serialized, .enabled(if: OwnCluster.isNamed), .timeLimit(.minutes(10)))
struct ClusterRestartTests {
    /// What a follower has reported, as far as it stands.
    private final class Board: Sendable {
        private let state = Mutex<(objects: [String: String], words: [String])>(([:], []))
        var names: Set<String> { state.withLock { Set($0.objects.values) } }
        var words: [String] { state.withLock { $0.words } }

        func follow(_ follower: Follower) -> Task<Void, Never> {
            Task {
                for await event in follower { take(event) }
            }
        }

        private func take(_ event: FollowEvent) {
            func uid(_ object: JSONValue) -> String { object.at("metadata", "uid")?.string ?? "" }
            func name(_ object: JSONValue) -> String { object.at("metadata", "name")?.string ?? "" }
            state.withLock { state in
                switch event {
                case .added(let object):
                    if state.objects.updateValue(name(object), forKey: uid(object)) != nil {
                        state.words.append("added twice: \(name(object))")
                    }
                case .deleted(let object):
                    if state.objects.removeValue(forKey: uid(object)) == nil {
                        state.words.append("deleted twice: \(name(object))")
                    }
                case .connected: state.words.append("connected")
                case .disconnected(let error): state.words.append("disconnected: \(error.code.name)")
                case .synced: state.words.append("synced")
                case .modified: break
                }
            }
        }
    }

    private static func apply(_ name: String, _ fixture: ClusterFixture) async throws {
        _ = try await fixture.client.apply(
            ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)]],
            namespace: fixture.namespace)
    }

    private static func codeOfRefusal(_ client: KubeClient) async -> DevloopError.Code? {
        do {
            _ = try await client.serverVersion()
            return nil
        } catch {
            return (error as? DevloopError)?.code
        }
    }

    /// The API server is killed and started again: watches, a log that is being written, forwards and exec go on.
    @Test func aKilledServerComesBack() async throws {
        try await ClusterFixture.run("killed") { fixture in
            try await fixture.start(
                "main", ["/bin/busybox", "sh", "-c", "i=0; while true; do echo $i; i=$((i+1)); sleep 0.05; done"])
            let board = Board()
            let follower = board.follow(fixture.client.follow(.configMaps, namespace: fixture.namespace))
            try await Self.apply("before", fixture)
            #expect(await poll { board.names.contains("before") })
            let lines = Mutex<[Int]>([])
            let log = Task {
                let source = fixture.client.followLogs(namespace: fixture.namespace, pod: "main", container: "main")
                for await event in source {
                    guard case .line(let line) = event else { continue }
                    lines.withLock { $0.append(Int(String(decoding: line.text, as: UTF8.self)) ?? -1) }
                }
            }
            #expect(await poll { lines.withLock { $0.count } > 10 })
            for _ in 0..<2 {
                try OwnCluster.kill("apiserver")
                #expect(await poll { board.words.last?.hasPrefix("disconnected") == true })
                #expect(await Self.codeOfRefusal(fixture.client) == .clusterUnreachable)
                try OwnCluster.up()
                try await eventually("the server answers") {
                    (try? await fixture.client.serverVersion())?.hasPrefix("v1.") == true
                }
            }
            let count = lines.withLock { $0.count }
            try await eventually("lines come again") { lines.withLock { $0.count } > count + 20 }
            log.cancel()
            await log.value
            #expect(lines.withLock { $0 == Array(0..<$0.count) })
            let echo = try await fixture.client.execute(
                namespace: fixture.namespace, pod: "main", container: "main", command: ["/bin/busybox", "echo", "hi"])
            #expect(echo.status == .exited(0))
            try await Self.apply("after", fixture)
            #expect(await poll(deadline: .seconds(30)) { board.names.isSuperset(of: ["before", "after"]) })
            follower.cancel()
            await follower.value
            #expect(board.words.allSatisfy { !$0.contains("twice") }, "\(board.words)")
        }
    }

    /// While the follower is away, things come and go, etcd forgets them, and the API server has no memory of its own
    /// any more: the place is refused with 410, and the difference of the lists is reported.
    @Test func aCompactedHistoryIsListed() async throws {
        try await ClusterFixture.run("compacted") { fixture in
            var config = try ClusterFixture.config()
            let port = try #require(try config.select().cluster.server.split(separator: ":").last.flatMap { Int($0) })
            let isOut = Mutex(false)
            let proxy = try FaultProxy(to: port) { _ in isOut.withLock { $0 } ? .hang(after: 0) : .none }
            defer { proxy.stop() }
            config.clusters[0].server = "https://127.0.0.1:\(proxy.port)"
            config.files = []
            let board = Board()
            let follower = board.follow(
                try KubeClient(config: config).follow(.configMaps, namespace: fixture.namespace))
            for name in ["stays", "goes"] { try await Self.apply(name, fixture) }
            #expect(await poll { board.names.isSuperset(of: ["stays", "goes"]) })
            let place = try await fixture.client.list(.configMaps, namespace: fixture.namespace).resourceVersion

            isOut.withLock { $0 = true }
            proxy.cutAll()
            try await fixture.client.delete(.configMaps, name: "goes", namespace: fixture.namespace)
            for number in 0..<20 { try await Self.apply("new-\(number)", fixture) }
            let now = try await fixture.client.list(.configMaps, namespace: fixture.namespace).resourceVersion
            try OwnCluster.compact(to: now)
            try OwnCluster.kill("apiserver")
            try OwnCluster.up()
            // Refused by the real server, in the answer or in the stream.
            var isExpired = false
            var events = fixture.client.watch(.configMaps, namespace: fixture.namespace, from: place)
                .makeAsyncIterator()
            do {
                if case .error(let failure)? = try await events.next() { isExpired = failure.isExpired }
            } catch {
                isExpired = error.kubeFailure?.isExpired == true
            }
            #expect(isExpired)
            isOut.withLock { $0 = false }
            proxy.cutAll()
            let want = Set(
                try await fixture.client.list(.configMaps, namespace: fixture.namespace).items.compactMap {
                    $0.at("metadata", "name")?.string
                })
            #expect(await poll(deadline: .seconds(40)) { board.names == want })
            #expect(!want.contains("goes"))
            follower.cancel()
            await follower.value
            #expect(board.words.allSatisfy { !$0.contains("twice") }, "\(board.words)")
        }
    }

    /// The cluster is deleted and made anew at the same address, with another authority, other certificates and an empty
    /// history: the kubeconfig is read again, and what was there is reported as gone.
    @Test func aClusterThatIsMadeAnewIsFollowed() async throws {
        let client = try ClusterFixture.connect()
        let board = Board()
        let follower = board.follow(client.follow(.configMaps, namespace: "default"))
        _ = try await client.apply(
            ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "of-the-old-one", "namespace": "default"]])
        #expect(await poll { board.names.contains("of-the-old-one") })
        try OwnCluster.makeAnew()
        try await eventually("the new cluster answers") {
            (try? await client.serverVersion())?.hasPrefix("v1.") == true
        }
        _ = try await client.apply(
            ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "of-the-new-one", "namespace": "default"]])
        #expect(
            await poll(deadline: .seconds(40)) {
                board.names.contains("of-the-new-one") && !board.names.contains("of-the-old-one")
            })
        follower.cancel()
        await follower.value
        #expect(board.words.allSatisfy { !$0.contains("twice") }, "\(board.words)")
    }
}
