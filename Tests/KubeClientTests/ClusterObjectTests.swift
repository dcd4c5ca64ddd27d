// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient
import Testing

/// Against the real cluster that `KUBECONFIG` names.
@Suite(.timeLimit(.minutes(3)))
struct ClusterObjectTests {
    @Test func asksVersionAndNodes() async throws {
        let client = try ClusterFixture.connect()
        #expect(try await client.serverVersion().hasPrefix("v1."))
        let nodes = try await client.nodes()
        #expect(!nodes.isEmpty)
        #expect(nodes.first?["kind"]?.string == "Node")
    }

    @Test func appliesReadsAndDeletes() async throws {
        try await ClusterFixture.run("objects") { fixture in
            let client = fixture.client
            var map: JSONValue = [
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "settings"],
                "data": ["a": "1", "b": "2"],
            ]
            let created = try await client.apply(map, namespace: fixture.namespace)
            #expect(created.at("metadata", "namespace")?.string == fixture.namespace)
            map["data"] = ["a": "3"]
            let changed = try await client.apply(map, namespace: fixture.namespace)
            #expect(changed["data"] == ["a": "3"])
            let read = try await client.get(.configMaps, name: "settings", namespace: fixture.namespace)
            #expect(read["data"] == ["a": "3"])
            #expect(try await client.delete(.configMaps, name: "settings", namespace: fixture.namespace))
            #expect(try await client.delete(.configMaps, name: "settings", namespace: fixture.namespace) == false)
        }
    }

    @Test func fillsProtocolIntoPortsOfAService() async throws {
        try await ClusterFixture.run("service") { fixture in
            let service: JSONValue = [
                "apiVersion": "v1", "kind": "Service", "metadata": ["name": "web"],
                "spec": ["selector": ["app": "web"], "ports": [["port": 80], ["port": 81, "name": "b"]]],
            ]
            var twoNamed = service
            twoNamed["spec"] = [
                "selector": ["app": "web"], "ports": [["port": 80, "name": "a"], ["port": 81, "name": "b"]],
            ]
            let applied = try await fixture.client.apply(twoNamed, namespace: fixture.namespace)
            #expect(applied.at("spec", "ports")?[0]?["protocol"]?.string == "TCP")
            // The server's own words come through for one that it refuses.
            let error = await #expect(throws: DevloopError.self) {
                try await fixture.client.apply(service, namespace: fixture.namespace)
            }
            #expect(error?.code == .objectRefused)
            #expect(error?.message.contains("spec.ports[0].name") == true)
        }
    }

    @Test func conflictNamesTheOtherManager() async throws {
        try await ClusterFixture.run("conflict") { fixture in
            let map: JSONValue = [
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "shared"], "data": ["a": "1"],
            ]
            _ = try await fixture.client.apply(map, namespace: fixture.namespace, fieldManager: "somebody-else")
            var mine = map
            mine["data"] = ["a": "2"]
            let error = await #expect(throws: DevloopError.self) {
                try await fixture.client.apply(mine, namespace: fixture.namespace)
            }
            #expect(error?.kubeFailure?.isConflict == true)
            #expect(error?.message.contains("somebody-else") == true)
            let forced = try await fixture.client.apply(mine, namespace: fixture.namespace, force: true)
            #expect(forced["data"] == ["a": "2"])
        }
    }

    @Test func unknownKindAndUnknownContext() async throws {
        let client = try ClusterFixture.connect()
        let error = await #expect(throws: DevloopError.self) {
            try await client.apply(["apiVersion": "example.org/v1", "kind": "Nothing", "metadata": ["name": "x"]])
        }
        #expect(error?.code == .objectRefused)
        #expect(error?.message.contains("'Nothing'") == true)
    }

    @Test func listsInPages() async throws {
        try await ClusterFixture.run("pages") { fixture in
            try await withThrowingDiscardingTaskGroup { group in
                for number in 0..<20 {
                    group.addTask {
                        _ = try await fixture.client.apply(
                            [
                                "apiVersion": "v1", "kind": "ConfigMap",
                                "metadata": ["name": .string("map-\(number)"), "labels": ["test": "pages"]],
                            ], namespace: fixture.namespace)
                    }
                }
            }
            let list = try await fixture.client.list(
                .configMaps, namespace: fixture.namespace, labelSelector: "test=pages", pageSize: 7)
            #expect(Set(list.items.compactMap { $0.at("metadata", "name")?.string }).count == 20)
            #expect(list.items.allSatisfy { $0["kind"]?.string == "ConfigMap" })
            #expect(!list.resourceVersion.isEmpty)
        }
    }

    @Test func followsAddedModifiedDeleted() async throws {
        try await ClusterFixture.run("follow") { fixture in
            let client = fixture.client
            var seen: [String] = []
            var events = client.follow(
                .configMaps, namespace: fixture.namespace, labelSelector: "test=follow"
            ).makeAsyncIterator()
            let map: JSONValue = [
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "one", "labels": ["test": "follow"]],
                "data": ["step": "1"],
            ]
            _ = try await client.apply(map, namespace: fixture.namespace)
            while let event = await events.next() {
                switch event {
                case .connected:
                    seen.append("connected")
                    var changed = map
                    changed["data"] = ["step": "2"]
                    _ = try await client.apply(changed, namespace: fixture.namespace)
                case .synced: seen.append("synced")
                case .added(let object): seen.append("added \(object.at("data", "step")?.string ?? "")")
                case .modified(let object):
                    seen.append("modified \(object.at("data", "step")?.string ?? "")")
                    try await client.delete(.configMaps, name: "one", namespace: fixture.namespace)
                case .deleted(let object):
                    #expect(object.at("metadata", "managedFields") == nil)
                    seen.append("deleted")
                case .disconnected(let error): Issue.record(error)
                }
                if seen.last == "deleted" { break }
            }
            #expect(seen == ["added 1", "synced", "connected", "modified 2", "deleted"])
        }
    }

    @Test func expiredResourceVersionIsToldAsSuch() async throws {
        let client = try ClusterFixture.connect()
        var events = client.watch(.pods, from: "1").makeAsyncIterator()
        do {
            let first = try await events.next()
            // An API server that still has the whole history may simply replay it.
            if case .error(let failure) = first { #expect(failure.isExpired) }
        } catch {
            #expect(error.kubeFailure?.isExpired == true)
        }
    }
}
