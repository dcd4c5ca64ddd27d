// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner

/// A namespace of its own on the real cluster.
struct Cluster {
    let client: KubeClient
    let namespace: String
    /// Path of the kubeconfig.
    let kubeconfig: String

    /// An image that the node has; a busybox without a default command.
    static let busybox = "devloop.local/busybox:1"

    /// Runs `body` with a fresh namespace and deletes it afterwards.
    static func run(_ name: String, _ body: (Cluster) async throws -> Void) async throws {
        let kubeconfig = try path()
        let client = try KubeClient(config: try KubeConfig.load([kubeconfig]))
        let cluster = Cluster(
            client: client, namespace: "devloop-e2e-\(name)-\(UInt32.random(in: 0...0xFFFF))", kubeconfig: kubeconfig)
        _ = try await client.create([
            "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(cluster.namespace)],
        ])
        // Pods are refused until the namespace has its service account.
        let account = APIResource(apiVersion: "v1", kind: "ServiceAccount", plural: "serviceaccounts")
        _ = try await poll(deadline: .seconds(20)) {
            (try? await client.get(account, name: "default", namespace: cluster.namespace)) != nil
        }
        do {
            try await body(cluster)
        } catch {
            _ = try? await client.delete(.namespaces, name: cluster.namespace)
            throw error
        }
        try await client.delete(.namespaces, name: cluster.namespace)
    }

    /// - Throws: when `KUBECONFIG` is not set: these tests need the real cluster, and are never skipped.
    static func path() throws -> String {
        guard let value = ProcessEnvironment.value("KUBECONFIG"), !value.isEmpty else {
            throw DevloopError(
                .kubeconfig, "KUBECONFIG is not set", hint: "start a cluster: eval \"$(scripts/cluster env)\"")
        }
        return value
    }

    /// A kubeconfig for the namespace's own service account, which may do nothing.
    func kubeconfigWithoutRights() async throws -> String {
        var token: String?
        _ = try await poll(deadline: .seconds(20)) {
            let secrets = try await client.list(.secrets, namespace: namespace).items
            token = secrets.first { $0["type"] == "kubernetes.io/service-account-token" }?.at("data", "token")?.string
            return token != nil
        }
        guard let bytes = token.flatMap(Base64.decode) else {
            throw DevloopError(.kubeconfig, "\(namespace) has no service account with a token")
        }
        let lines = try TestFiles.read(kubeconfig).split(separator: "\n").map { line in
            line.contains("client-certificate-data")
                ? "  user: {token: \"\(String(decoding: bytes, as: UTF8.self))\"}" : String(line)
        }
        return lines.joined(separator: "\n")
    }

    /// The Pods of the namespace that are not on their way out.
    func livePods() async throws -> [JSONValue] {
        try await client.list(.pods, namespace: namespace).items
            .filter { $0.at("metadata", "deletionTimestamp") == nil }
    }

    /// The last line that a container has written; empty for none.
    /// - Throws: when its log cannot be read, such as before it has started.
    func lastLine(of pod: String, container: String) async throws -> String {
        var last = ""
        for try await line in client.logs(
            namespace: namespace, pod: pod, container: container, options: LogOptions(tailLines: 1, follow: false))
        {
            last = String(decoding: line.text, as: UTF8.self)
        }
        return last
    }

    /// Runs kubectl against this cluster.
    func kubectl(_ words: String...) async throws {
        let result = try await ProcessRunner.run(
            ProcessCommand(["kubectl"] + words, environment: .inherit(adding: ["KUBECONFIG": kubeconfig])))
        guard result.status.isSuccess else { throw DevloopError(.process, "kubectl \(words): \(result.errorText)") }
    }

    /// Whether the cluster counts a Deployment as served; it sums that up a moment after its Pods are ready.
    func becomesAvailable(_ name: String) async throws -> Bool {
        try await poll(deadline: .seconds(5)) {
            let deployment = try await client.get(.deployments, name: name, namespace: namespace)
            return deployment.at("status", "readyReplicas")?.int == 1
        }
    }

    /// Whether the server comes to refuse Services in this namespace: a new webhook is in force a moment after it was made.
    func refusesServices() async throws -> Bool {
        try await poll(deadline: .seconds(10)) {
            do {
                _ = try await client.apply(
                    [
                        "apiVersion": "v1", "kind": "Service", "metadata": ["name": "y"],
                        "spec": ["ports": [["port": 80]]],
                    ], namespace: namespace, dryRun: true)
                return false
            } catch  where error.kubeFailure != nil {
                return true
            }
        }
    }

    func exists(_ resource: APIResource, _ name: String) async throws -> Bool {
        do {
            let object = try await client.get(resource, name: name, namespace: namespace)
            return object.at("metadata", "deletionTimestamp") == nil
        } catch  where error.kubeFailure?.isNotFound == true {
            return false
        }
    }
}
