// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient
import LocalPods
import Plan
import PortForward

/// The Services of a namespace, as ports of this machine; each leads to a Pod that is ready when somebody connects.
actor ClusterServices: OutsideServices {
    private struct Key: Hashable {
        var service: String
        var port: Int
    }

    private let client: KubeClient
    private let namespace: String
    /// Whose Services are of this machine.
    private let network: LocalNetwork
    private var forwards: [Key: Forwarder] = [:]

    init(client: KubeClient, namespace: String, network: LocalNetwork) {
        self.client = client
        self.namespace = namespace
        self.network = network
    }

    func services() async -> [ServiceBook.Entry] {
        guard let list = try? await client.list(.services, namespace: namespace) else { return [] }
        let own = Set(network.services().entries.map(\.name))
        return list.items.compactMap { service in
            guard let name = service.at("metadata", "name")?.string, !own.contains(name) else { return nil }
            let ports = (service.at("spec", "ports")?.array ?? []).compactMap { port -> ServiceBook.Port? in
                guard let number = port["port"]?.int, port["protocol"]?.string ?? "TCP" == "TCP",
                    let local = open(name, number)
                else { return nil }
                return ServiceBook.Port(name: port["name"]?.string ?? "", number: number, local: local)
            }
            return ServiceBook.Entry(
                name: name, namespace: namespace, host: LocalNetwork.host, ports: ports,
                isHeadless: service.at("spec", "clusterIP")?.string == "None")
        }
    }

    private func open(_ service: String, _ port: Int) -> Int? {
        let key = Key(service: service, port: port)
        if let forward = forwards[key] { return forward.port }
        guard let listener = try? LocalListener(host: LocalNetwork.host, port: 0) else { return nil }
        let forward = Forwarder(listener: listener) { [client, namespace] in
            try await Self.dial(client, namespace, service, port)
        }
        forwards[key] = forward
        return forward.port
    }

    /// A connection to one of the Pods behind a Service.
    private static func dial(
        _ client: KubeClient, _ namespace: String, _ service: String, _ port: Int
    ) async throws -> any ByteChannel {
        let object = try await client.get(.services, name: service, namespace: namespace)
        let name = object.at("spec", "ports")?.array?.first { $0["port"]?.int == port }?["name"]?.string
        let endpoints = try await client.get(.endpoints, name: service, namespace: namespace)
        for subset in endpoints["subsets"]?.array ?? [] {
            let ports = subset["ports"]?.array ?? []
            let target = ports.first { $0["name"]?.string == name } ?? (ports.count == 1 ? ports.first : nil)
            guard let number = target?["port"]?.int else { continue }
            for address in subset["addresses"]?.array ?? [] where address.at("targetRef", "kind")?.string == "Pod" {
                guard let pod = address.at("targetRef", "name")?.string else { continue }
                return try await client.portForward(namespace: namespace, pod: pod, port: number)
            }
        }
        throw DevloopError(.unhealthy, "no Pod behind the Service \(service) is ready")
    }

    func configuration(
        _ kind: ConfigurationStore.Kind, _ name: String, in namespace: String
    ) async -> ManifestObject? {
        let resource: APIResource = kind == .configMap ? .configMaps : .secrets
        guard var object = try? await client.get(resource, name: name, namespace: namespace) else { return nil }
        object["apiVersion"] = "v1"
        object["kind"] = .string(kind.rawValue)
        return ManifestObject(object)
    }

    func close() async {
        for forward in forwards.values { await forward.close() }
        forwards = [:]
    }
}
