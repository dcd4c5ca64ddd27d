// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import KubeClient

/// A namespace of its own on the real cluster that `KUBECONFIG` names, with helpers for Pods in it.
struct ClusterFixture {
    let client: KubeClient
    let namespace: String

    static let image = "devloop.local/busybox:1"

    /// Runs `body` with a fresh namespace and deletes it afterwards.
    static func run(_ name: String, _ body: (ClusterFixture) async throws -> Void) async throws {
        let fixture = ClusterFixture(
            client: try connect(), namespace: "devloop-test-\(name)-\(UInt32.random(in: 0...0xFFFF))")
        _ = try await fixture.client.create([
            "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(fixture.namespace)],
        ])
        do {
            try await body(fixture)
        } catch {
            await fixture.delete()
            throw error
        }
        await fixture.delete()
    }

    /// - Throws: When `KUBECONFIG` is not set: these tests need the real cluster, and are never skipped.
    static func connect() throws -> KubeClient { try KubeClient(config: try config()) }

    static func config() throws -> KubeConfig {
        guard let value = getenv("KUBECONFIG") else {
            throw DevloopError(
                .kubeconfig, "KUBECONFIG is not set", hint: "start a cluster: eval \"$(scripts/cluster env)\"")
        }
        return try KubeConfig.load(environment: ["KUBECONFIG": String(cString: value)])
    }

    private func delete() async {
        _ = try? await client.delete(.namespaces, name: namespace)
    }

    /// A Pod of one container that runs a busybox command.
    func pod(_ name: String, _ command: [String]) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "namespace": .string(namespace), "labels": ["app": .string(name)]],
            "spec": [
                "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": false,
                "restartPolicy": "Never",
                "containers": [
                    [
                        "name": "main", "image": .string(Self.image), "imagePullPolicy": "IfNotPresent",
                        "command": .array(command.map { .string($0) }),
                    ]
                ],
            ],
        ]
    }

    /// Applies a Pod. The controller makes the namespace's service account a moment after the namespace.
    func create(_ pod: JSONValue) async throws {
        try await eventually("the pod is accepted") {
            do {
                _ = try await client.apply(pod)
                return true
            } catch  where error.kubeFailure?.status == 403 {
                return false
            }
        }
    }

    /// Applies a Pod and waits until its container runs.
    func start(_ name: String, _ command: [String]) async throws {
        try await create(pod(name, command))
        try await eventually("pod \(name) runs") {
            let pod = try await client.get(.pods, name: name, namespace: namespace)
            return pod.at("status", "containerStatuses")?[0]?.at("state", "waiting") == nil
                && pod.at("status", "containerStatuses")?[0] != nil
        }
    }
}

/// Asks again until `condition` holds.
func eventually(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while !(try await condition()) {
        guard ContinuousClock.now < deadline else { throw DevloopError(.process, "not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(50))
    }
}
