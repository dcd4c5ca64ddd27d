// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LocalPods
import Plan
import PortForward
import Synchronization

/// Which resources run on this machine, what they are configured with, and where they listen.
final class LocalNetwork: Sendable {
    /// The one address of everything here. Nothing beyond this machine is asked to connect to it.
    static let host = "127.0.0.1"

    struct State: Sendable {
        var resources: [Resource] = []
        var store = ConfigurationStore()
        var ports = PortPlan()
        /// ConfigMaps and Secrets that the API server would refuse, by their short names.
        var refused: [String: DevloopError] = [:]
    }

    /// The namespace of objects that name none.
    let namespace: String
    /// Names of resources that run here; nil means all.
    let chosen: Set<String>?
    private let state = Mutex(State())

    init(namespace: String, chosen: Set<String>?) {
        self.namespace = namespace
        self.chosen = chosen
    }

    func runsHere(_ resource: String) -> Bool { chosen?.contains(resource) ?? true }

    var ports: PortPlan { state.withLock(\.ports) }

    /// Takes the plan over: ports are given out for all of it at once, so that whoever starts first knows where the others
    /// will be.
    func take(_ resources: [Resource]) {
        let namespace = namespace
        let here = resources.filter { runsHere($0.name) }
        state.withLock { state in
            state.resources = resources
            state.store = ConfigurationStore()
            state.refused = [:]
            for object in resources.flatMap({ $0.kubernetes?.objects ?? [] }) where object.isConfiguration {
                do throws(DevloopError) {
                    try state.store.add(object, namespace: Self.namespace(of: object, namespace))
                } catch {
                    state.refused[object.shortName] = error
                }
            }
            Self.assign(here, namespace, &state)
        }
    }

    private static func namespace(of object: ManifestObject, _ fallback: String) -> String {
        object.namespace.isEmpty ? fallback : object.namespace
    }

    /// Whether resources of this machine use an image, and whether others do.
    func users(of ref: String) -> (here: Bool, there: Bool) {
        let users = state.withLock { $0.resources.filter { $0.kubernetes?.images.contains(ref) == true }.map(\.name) }
        return (users.contains { runsHere($0) }, users.contains { !runsHere($0) })
    }

    static func key(_ workload: LocalWorkload) -> String { "\(workload.namespace)/\(workload.name)" }

    private static func assign(_ resources: [Resource], _ namespace: String, _ state: inout State) {
        var wanted: [(key: PortPlan.Key, isMovable: Bool, forwards: Set<Int>)] = []
        let forwards = resources.reduce(into: [String: Set<Int>]()) {
            $0[$1.name] = Set($1.kubernetes?.portForwards.map(\.localPort) ?? [])
        }
        for resource in resources where resource.kubernetes?.localAddress == nil {
            for workload in workloads(of: resource, namespace) {
                for container in workload.containers {
                    let variables = ContainerVariables(
                        container, base: [:], store: state.store, pod: LocalPodMaker.anyPod(of: workload),
                        resource: { _ in "" })
                    let words = LocalPodMaker.words(container)
                    for port in LocalWorkload.ports(of: container) {
                        wanted.append(
                            (
                                PortPlan.Key(workload: key(workload), port: port.number),
                                PortWords.mention(port.number, variables: variables.own, arguments: words),
                                forwards[resource.name] ?? []
                            ))
                    }
                }
            }
        }
        state.ports.keep(Set(wanted.map(\.key)))
        // Those that a person asks for by their number come first.
        let sorted =
            wanted.filter { $0.forwards.contains($0.key.port) }
            + wanted.filter { !$0.forwards.contains($0.key.port) }
        for item in sorted {
            let others = forwards.values.reduce(into: Set<Int>()) { $0.formUnion($1) }.subtracting(item.forwards)
            state.ports.assign(
                item.key, isMovable: item.isMovable,
                isTaken: { others.contains($0) || !isFree($0) }, free: freePort)
        }
    }

    static func workloads(of resource: Resource, _ namespace: String) -> [LocalWorkload] {
        (resource.kubernetes?.objects ?? []).compactMap { LocalWorkload($0, namespace: namespace) }
    }

    /// Whether a program could listen on the port, on whatever address.
    private static func isFree(_ port: Int) -> Bool {
        guard let listener = try? LocalListener(host: "0.0.0.0", port: port) else { return false }
        listener.close()
        return true
    }

    private static func freePort() -> Int? {
        guard let listener = try? LocalListener(host: "0.0.0.0", port: 0) else { return nil }
        listener.close()
        return listener.port
    }

    /// What configures Pods; with the reasons why some of the plan does not.
    func configuration() -> (store: ConfigurationStore, refused: [String: DevloopError]) {
        state.withLock { ($0.store, $0.refused) }
    }

    /// The Services of the plan. One behind which nothing of the plan runs here stands for the same port of this machine.
    func services() -> ServiceBook {
        state.withLock { state in
            let all = state.resources.flatMap { $0.kubernetes?.objects ?? [] }
            return ServiceBook(
                all.filter { $0.kind == "Service" && $0.apiVersion == "v1" }.compactMap { entry($0, state) })
        }
    }

    private func entry(_ service: ManifestObject, _ state: State) -> ServiceBook.Entry? {
        let namespace = Self.namespace(of: service, self.namespace)
        let spec = service.json["spec"] ?? .null
        let selector = service.serviceSelector
        var target: (resource: Resource, workload: LocalWorkload)?
        for resource in state.resources where target == nil {
            let found = Self.workloads(of: resource, self.namespace)
                .first { $0.namespace == namespace && $0.matches(selector) }
            target = found.map { (resource, $0) }
        }
        // The cluster's own are told of by the cluster.
        if let target, !runsHere(target.resource.name) { return nil }
        if target == nil, chosen != nil { return nil }
        var host = Self.host
        if spec["type"]?.string == "ExternalName" { host = spec["externalName"]?.string ?? host }
        let address = target?.resource.kubernetes?.localAddress
        if let address { host = address.host }
        let ports = (spec["ports"]?.array ?? []).enumerated().compactMap { index, port -> ServiceBook.Port? in
            guard let number = port["port"]?.int else { return nil }
            var local = number
            if let address {
                local = index == 0 ? address.port : number
            } else if let workload = target?.workload {
                let name = port["targetPort"]?.string
                let container =
                    port["targetPort"]?.int ?? workload.ports.first { $0.name == name }?.number ?? number
                local = state.ports[Self.key(workload), container] ?? container
            }
            return ServiceBook.Port(
                name: port["name"]?.string ?? "", number: number, local: local,
                transport: port["protocol"]?.string ?? "TCP")
        }
        return ServiceBook.Entry(
            name: service.name, namespace: namespace, host: host, ports: ports,
            isHeadless: spec["clusterIP"]?.string == "None")
    }
}
