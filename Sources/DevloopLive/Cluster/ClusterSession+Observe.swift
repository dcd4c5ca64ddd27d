// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import KubeClient
import LoopEngine
import Plan

extension ClusterSession {
    func observe(_ resources: [Resource]) -> AsyncStream<ClusterUpdate> {
        let namespaces = Set(
            resources.flatMap { resource in
                (resource.kubernetes?.objects ?? []).filter { !$0.podSpecs.isEmpty }
                    .map { $0.namespace.isEmpty ? info.namespace : $0.namespace }
            }
        ).union([info.namespace])
        let (stream, continuation) = AsyncStream.makeStream(of: ClusterUpdate.self, bufferingPolicy: .unbounded)
        let board = PodBoard(
            continuation,
            onlySelected: Set(resources.filter { $0.kubernetes?.discoveryStrategy == .selectorsOnly }.map(\.name)))
        let selected = resources.flatMap { selections(of: $0) }
        let names = resources.map(\.name)
        let client = client
        let task = Task {
            await withDiscardingTaskGroup { group in
                for namespace in namespaces {
                    group.addTask { await Self.followPods(client, namespace, board) }
                    group.addTask { await Self.followWarnings(client, namespace, board, names) }
                }
                for selection in selected {
                    group.addTask { await Self.followPods(client, selection, board) }
                }
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Pods of others that belong to a resource by `extra_pod_selectors`.
    private struct Selection: Sendable {
        var resource: String
        var namespace: String
        /// In the form of the API: `app=web,tier=front`.
        var labels: String
    }

    private func selections(of resource: Resource) -> [Selection] {
        guard let kubernetes = resource.kubernetes else { return [] }
        let named = Set(kubernetes.objects.map { $0.namespace.isEmpty ? info.namespace : $0.namespace })
        let namespaces = named.isEmpty ? [info.namespace] : named.sorted()
        return kubernetes.extraPodSelectors.flatMap { selector in
            let labels = selector.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
            return namespaces.map { Selection(resource: resource.name, namespace: $0, labels: labels) }
        }
    }

    private static func followPods(_ client: KubeClient, _ selection: Selection, _ board: PodBoard) async {
        let pods = client.follow(.pods, namespace: selection.namespace, labelSelector: selection.labels)
        for await event in pods {
            switch event {
            case .added(let pod), .modified(let pod):
                await board.select(PodHealth.status(of: pod), for: selection.resource)
            case .deleted(let pod): await board.deselect(PodHealth.status(of: pod), for: selection.resource)
            // The watch of the namespace tells of the connection.
            case .connected, .disconnected, .synced: break
            }
        }
    }

    private static func followPods(_ client: KubeClient, _ namespace: String, _ board: PodBoard) async {
        let pods = client.follow(.pods, namespace: namespace, labelSelector: Renderer.resourceLabel)
        for await event in pods {
            switch event {
            case .connected: await board.connected()
            case .disconnected(let error): await board.disconnected(error)
            case .synced: await board.synced(namespace)
            case .added(let pod), .modified(let pod): await board.set(PodHealth.status(of: pod), in: namespace)
            case .deleted(let pod): await board.remove(PodHealth.status(of: pod), from: namespace)
            }
        }
    }

    /// Warnings of Kubernetes about Pods of ours, and about objects named like a resource.
    private static func followWarnings(
        _ client: KubeClient, _ namespace: String, _ board: PodBoard, _ names: [String]
    ) async {
        var isFirstList = true
        let events = client.follow(.events, namespace: namespace, fieldSelector: "type=Warning")
        for await event in events {
            switch event {
            case .synced: isFirstList = false
            // What the first list holds happened before this session.
            case .added(let warning), .modified(let warning):
                if !isFirstList { await board.warn(warning, names) }
            default: break
            }
        }
    }
}

/// The Pods of all resources, put together from several watches.
private actor PodBoard {
    private let output: AsyncStream<ClusterUpdate>.Continuation
    private var pods: [String: PodStatus] = [:]
    /// Pods that selectors bring in, by resource and uid.
    private var selected: [String: [String: PodStatus]] = [:]
    /// Resources whose Pods are the selected ones alone.
    private let onlySelected: Set<String>
    private var synced: Set<String> = []

    init(_ output: AsyncStream<ClusterUpdate>.Continuation, onlySelected: Set<String>) {
        self.output = output
        self.onlySelected = onlySelected
    }

    func connected() { output.yield(.connected) }

    func disconnected(_ error: DevloopError) { output.yield(.disconnected(error)) }

    func synced(_ namespace: String) {
        synced.insert(namespace)
        publish()
    }

    func set(_ pod: PodStatus, in namespace: String) {
        pods[pod.uid] = pod
        if synced.contains(namespace) { publish() }
    }

    func remove(_ pod: PodStatus, from namespace: String) {
        pods[pod.uid] = nil
        if synced.contains(namespace) { publish() }
    }

    func select(_ pod: PodStatus, for resource: String) {
        selected[resource, default: [:]][pod.uid] = pod
        if !synced.isEmpty { publish() }
    }

    func deselect(_ pod: PodStatus, for resource: String) {
        selected[resource]?[pod.uid] = nil
        if !synced.isEmpty { publish() }
    }

    private func publish() {
        var groups = Dictionary(grouping: pods.values) { $0.labels[Renderer.resourceLabel] ?? "" }
        for name in onlySelected { groups[name] = nil }
        for (name, others) in selected {
            let known = Set((groups[name] ?? []).map(\.uid))
            groups[name, default: []] += others.values.filter { !known.contains($0.uid) }
        }
        output.yield(.pods(groups))
    }

    func warn(_ event: JSONValue, _ names: [String]) {
        let object = event["involvedObject"] ?? .null
        let name = object["name"]?.string ?? ""
        let pod = pods.values.first { $0.name == name }
        guard
            let resource = pod?.labels[Renderer.resourceLabel]
                ?? names.filter({ name == $0 || name.hasPrefix("\($0)-") }).max(by: { $0.count < $1.count })
        else { return }
        output.yield(
            .warning(
                ClusterWarning(
                    resource: resource, object: "\(object["kind"]?.string?.lowercased() ?? "object")/\(name)",
                    reason: event["reason"]?.string ?? "", message: event["message"]?.string ?? "",
                    count: event["count"]?.int ?? 1)))
    }
}
