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
        let board = ClusterBoard(
            continuation, names: resources.map(\.name),
            onlySelected: Set(resources.filter { $0.kubernetes?.discoveryStrategy == .selectorsOnly }.map(\.name)))
        let selected = resources.flatMap { selections(of: $0) }
        // Of those only the selected Pods are looked at, and what is recorded about them.
        let foreign = Set(resources.compactMap { $0.kubernetes?.syncTarget?.namespace }.filter { !$0.isEmpty })
            .subtracting(namespaces)
        let kinds = Set(resources.flatMap { $0.kubernetes?.objects ?? [] }.map(\.kind))
        let custom = customKinds(of: resources)
        let client = client
        let task = Task {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.answerQuestions(of: board) }
                for namespace in namespaces {
                    group.addTask { await Self.followPods(client, namespace, board) }
                    group.addTask { await Self.followWarnings(client, namespace, board) }
                    for workload in Self.workloads where kinds.contains(workload.kind) {
                        group.addTask { await self.follow(workload, in: namespace, board) }
                    }
                }
                for kind in custom {
                    group.addTask { await self.follow(kind, board) }
                }
                for namespace in foreign {
                    group.addTask { await Self.followWarnings(client, namespace, board) }
                }
                for selection in selected {
                    group.addTask { await Self.followPods(client, selection, board) }
                }
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Kinds whose controllers tell what they have made of them.
    private static let workloads: [APIResource] = [.deployments, .statefulSets, .daemonSets, .replicaSets, .jobs]

    /// Pods of others that belong to a resource by `extra_pod_selectors`.
    private struct Selection: Sendable {
        var resource: String
        var namespace: String
        /// In the form of the API: `app=web,tier=front`.
        var labels: String
    }

    private func selections(of resource: Resource) -> [Selection] {
        guard let kubernetes = resource.kubernetes else { return [] }
        if let target = kubernetes.syncTarget, !target.namespace.isEmpty {
            return Self.selections(kubernetes, of: resource.name, in: [target.namespace])
        }
        let named = Set(kubernetes.objects.map { $0.namespace.isEmpty ? info.namespace : $0.namespace })
        let namespaces = named.isEmpty ? [info.namespace] : named.sorted()
        return Self.selections(kubernetes, of: resource.name, in: namespaces)
    }

    private static func selections(
        _ kubernetes: KubernetesResource, of name: String, in namespaces: [String]
    ) -> [Selection] {
        kubernetes.extraPodSelectors.flatMap { selector in
            let labels = selector.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
            return namespaces.map { Selection(resource: name, namespace: $0, labels: labels) }
        }
    }

    private static func followPods(_ client: KubeClient, _ selection: Selection, _ board: ClusterBoard) async {
        let pods = client.follow(.pods, namespace: selection.namespace, labelSelector: selection.labels)
        for await event in pods {
            switch event {
            case .added(let pod), .modified(let pod):
                await board.select(pod, for: selection.resource)
            case .deleted(let pod): await board.deselect(pod, for: selection.resource)
            // The watch of the namespace tells of the connection.
            case .connected, .disconnected, .synced: break
            }
        }
    }

    private static func followPods(_ client: KubeClient, _ namespace: String, _ board: ClusterBoard) async {
        let pods = client.follow(.pods, namespace: namespace, labelSelector: Renderer.resourceLabel)
        for await event in pods {
            switch event {
            case .connected: await board.connected()
            case .disconnected(let error): await board.disconnected(error)
            case .synced: await board.synced(namespace)
            case .added(let pod), .modified(let pod): await board.set(pod, in: namespace)
            case .deleted(let pod): await board.remove(pod, from: namespace)
            }
        }
    }

    /// Finds out what no object tells. What cannot be had, such as without the right to list nodes, is left out.
    private func answerQuestions(of board: ClusterBoard) async {
        for await question in board.questions {
            switch question {
            case .shortage(let pod):
                guard let nodes = try? await client.list(.nodes), let pods = try? await client.list(.pods),
                    let text = ResourceShortage.text(for: pod, nodes: nodes.items, pods: pods.items)
                else { continue }
                await board.answer(pod, shortage: text)
            case .lastWords(let pod, let suspect):
                let lines = await readLastLines(pod: pod, container: suspect.container, [suspect.isPrevious], count: 1)
                if let line = lines.last { await board.answer(pod, container: suspect.container, words: line) }
            }
        }
    }

    func follow(_ resource: APIResource, in namespace: String, _ board: ClusterBoard) async {
        let objects = client.follow(resource, namespace: namespace, labelSelector: Renderer.resourceLabel)
        for await event in objects {
            switch event {
            case .added(let object), .modified(let object):
                await remember(object, kind: resource.kind)
                await board.setWorkload(object, kind: resource.kind)
            case .deleted(let object): await board.removeWorkload(object)
            // The watch of the Pods tells of the connection.
            case .connected, .disconnected, .synced: break
            }
        }
    }

    /// A Job that has ended well is remembered before anybody is told: a session that waits for it ends then.
    private func remember(_ object: JSONValue, kind: String) async {
        guard kind == APIResource.jobs.kind, object.at("status", "succeeded") != nil,
            let uid = object.at("metadata", "uid")?.string,
            WorkloadHealth.status(of: object, kind: kind).verdict == .complete
        else { return }
        await keeper.succeeded(job: uid)
    }

    /// Warnings of Kubernetes about Pods and workloads of ours, and about objects named like a resource.
    private static func followWarnings(_ client: KubeClient, _ namespace: String, _ board: ClusterBoard) async {
        var isFirstList = true
        let events = client.follow(.events, namespace: namespace, fieldSelector: "type=Warning")
        for await event in events {
            switch event {
            case .synced: isFirstList = false
            // What the first list holds happened before this session.
            case .added(let warning), .modified(let warning): await board.record(warning, isNews: !isFirstList)
            case .deleted(let warning): await board.forgetEvent(warning)
            case .connected, .disconnected: break
            }
        }
    }
}
