// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient

/// The cluster under measurement, through devloop's own client.
struct BenchCluster: Sendable {
    let client: KubeClient
    let version: String

    init(kubeconfig: String) async throws {
        client = try KubeClient(config: KubeConfig.load([kubeconfig]))
        guard client.context.isLocal else {
            throw BenchFailure("\(client.context.name) is not a local cluster; nothing is measured on another one")
        }
        version = try await client.serverVersion()
    }

    /// A namespace that holds nothing of an earlier run.
    func freshNamespace(_ name: String) async throws {
        try await removeNamespace(name, wait: true)
        _ = try await client.create(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]])
        // Pods are refused until the namespace has its account.
        let account = APIResource(apiVersion: "v1", kind: "ServiceAccount", plural: "serviceaccounts")
        try await until("the namespace \(name) is ready", .seconds(30)) {
            (try? await client.get(account, name: "default", namespace: name)) != nil
        }
    }

    func removeNamespace(_ name: String, wait: Bool) async throws {
        guard try await client.delete(.namespaces, name: name), wait else { return }
        try await until("the namespace \(name) is gone", .seconds(120)) {
            do {
                _ = try await client.get(.namespaces, name: name)
                return false
            } catch let error as DevloopError where (error.cause as? KubeFailure)?.status == 404 {
                return true
            }
        }
    }

    struct Pod: Sendable, Hashable {
        var name: String
        var address: String
    }

    /// Pods that are not on their way out and have an address.
    func pods(_ namespace: String) async throws -> [Pod] {
        try await client.list(.pods, namespace: namespace).items.compactMap { item in
            guard item.at("metadata", "deletionTimestamp") == nil, let name = item.at("metadata", "name")?.string,
                let address = item.at("status", "podIP")?.string, !address.isEmpty
            else { return nil }
            return Pod(name: name, address: address)
        }
    }

    /// The one Pod of a namespace.
    func pod(_ namespace: String) async throws -> Pod {
        var found: Pod?
        try await until("\(namespace) has one Pod", .seconds(60)) {
            let pods = try await pods(namespace)
            found = pods.count == 1 ? pods[0] : nil
            return found != nil
        }
        guard let found else { throw BenchFailure("\(namespace) has no Pod") }
        return found
    }
}

/// Looks at a condition every 20 ms until it holds.
func until(_ what: String, _ deadline: Duration, _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + deadline
    while try await !condition() {
        guard ContinuousClock.now < end else { throw BenchFailure("\(deadline) passed before \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

extension Duration {
    /// As a number of milliseconds with its fraction.
    var inMilliseconds: Double {
        Double(components.seconds) * 1_000 + Double(components.attoseconds) / 1_000_000_000_000_000
    }
}
