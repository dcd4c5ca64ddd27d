// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
import ImageDelivery
import ImagePack
import KubeClient
import PortForward

/// Pushes to Minikube's registry addon, which no port of this machine leads to: through a port-forward of our own.
/// The nodes pull from `localhost:5000`, where the addon's proxy listens on each of them.
actor RegistryAddon: ImageDelivering {
    private static let namespace = "kube-system"
    private static let service = "registry"
    private static let marker = "kubernetes.io/minikube-addons"
    /// The registry as nodes see it.
    static let hostOnNodes = "localhost:5000"

    nonisolated let summary: String
    private let client: KubeClient
    private var forwarder: Forwarder?
    private var push: RegistryPush?

    init(summary: String, client: KubeClient) {
        self.summary = summary
        self.client = client
    }

    /// Whether the addon is enabled: its Service is there.
    static func isThere(_ client: KubeClient) async -> Bool {
        let found = try? await client.get(.services, name: service, namespace: namespace)
        return found?.at("metadata", "labels")?[marker]?.string == service
    }

    func deliver(_ image: PackedImage) async throws -> Delivery { try await opened().deliver(image) }

    func close() async {
        await forwarder?.close()
        forwarder = nil
        push = nil
    }

    private func opened() throws -> RegistryPush {
        if let push { return push }
        let client = client
        let listener = try LocalListener(host: "127.0.0.1", port: 0)
        let forwarder = Forwarder(listener: listener) { try await Self.dial(client) }
        let push = RegistryPush(
            client: try HTTPClient(), host: "127.0.0.1:\(forwarder.port)", hostFromCluster: Self.hostOnNodes,
            singleName: "")
        self.forwarder = forwarder
        self.push = push
        return push
    }

    /// A connection to the Pod behind the addon's Service.
    private static func dial(_ client: KubeClient) async throws -> any ByteChannel {
        let found = try await client.get(.services, name: service, namespace: namespace)
        let selector = (found.at("spec", "selector")?.object?.members ?? []).compactMap { key, value in
            value.string.map { "\(key)=\($0)" }
        }
        let pods = try await client.list(
            .pods, namespace: namespace, labelSelector: selector.joined(separator: ","),
            fieldSelector: "status.phase=Running")
        guard let pod = pods.items.first(where: { $0.at("metadata", "deletionTimestamp") == nil }),
            let name = pod.at("metadata", "name")?.string
        else {
            throw DevloopError(
                .image, "no Pod of the registry addon is running",
                hint: "kubectl -n kube-system get pods -l \(selector.joined(separator: ",")) shows what it does")
        }
        let port = found.at("spec", "ports")?.array?.first?["targetPort"]?.int ?? 5000
        return try await client.portForward(namespace: namespace, pod: name, port: port)
    }
}
