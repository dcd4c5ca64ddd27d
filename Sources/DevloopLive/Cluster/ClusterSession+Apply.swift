// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import KubeClient
import LoopEngine
import Plan

extension ClusterSession {
    /// Requests to the API server at the same time.
    private static let width = 8

    func apply(_ work: ApplyWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws -> Set<String> {
        let needsAgent = work.live.values.contains(where: \.isInjected)
        let renderer = Renderer(work, agentImage: needsAgent ? try await images.agentImage() : nil)
        let applier = ObjectApplier(
            client: client, keeper: keeper, namespace: info.namespace, timeout: work.timeout,
            isForced: work.isForced, onEvent: onEvent)
        let entries = work.objects.map { Inventory.Entry($0, namespace: info.namespace) }
        var generations: Set<String> = []
        for group in ApplyOrder.groups(work.objects) {
            // Written down before it is there: what a session that dies has made is known to the next one. Again for each
            // group, since the namespace of the inventory may be among the first.
            if let remark = try await keeper.note(entries) { onEvent(.remark(remark)) }
            let rendered = group.map { (object: $0, result: renderer.render($0)) }
            generations.formUnion(
                rendered.filter {
                    $0.object.podPath == nil || $0.object.makesPods && !WorkloadHealth.leavesOldPods($0.object.json)
                }
                .compactMap(\.result.generation))
            try await Self.all(rendered) { try await applier.apply($0.object, as: $0.result.json) }
            try await Self.all(group.filter { $0.kind == "CustomResourceDefinition" }) {
                try await applier.waitUntilEstablished($0)
            }
        }
        return generations
    }

    func delete(_ objects: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        // Workloads first, what they need last.
        for group in ApplyOrder.groups(objects).reversed() {
            try await Self.all(group) { try await self.delete($0, onEvent) }
        }
    }

    private func delete(_ object: ManifestObject, _ onEvent: @Sendable (ApplyNotice) -> Void) async throws {
        let namespace = object.namespace.isEmpty ? info.namespace : object.namespace
        let entry = Inventory.Entry(object, namespace: info.namespace)
        // A kind that is gone has no objects.
        guard let resource = try await client.kind(of: object) else { return try await keeper.forget([entry]) }
        let live = try await client.find(resource, name: object.name, namespace: namespace)
        switch Ownership.fate(of: live, owner: keeper.owner) {
        case .delete:
            if try await client.delete(resource, name: object.name, namespace: namespace) {
                onEvent(.pruned(object: object.shortName))
            }
            try await keeper.forget([entry])
        case .gone, .foreign: try await keeper.forget([entry])
        case .kept: onEvent(.remark("\(object.shortName) is kept, as its down-policy says"))
        }
    }

    func prune(keeping: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        let left = await keeper.left(keeping: keeping.map { Inventory.Entry($0, namespace: info.namespace) })
        if !left.isEmpty { try await delete(left.map(\.object), onEvent: onEvent) }
    }

    /// Works on all items, some at a time; one that fails does not stop the others.
    /// - Throws: the first failure, once all is done.
    private static func all<Item: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Void
    ) async throws {
        let failures = await withTaskGroup(of: (any Error)?.self, returning: [any Error].self) { group in
            var failures: [any Error] = []
            for (number, item) in items.enumerated() {
                if number >= width, let failure = await group.next() ?? nil { failures.append(failure) }
                group.addTask {
                    do {
                        try Task.checkCancellation()
                        try await body(item)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            for await case let failure? in group { failures.append(failure) }
            return failures
        }
        guard let first = failures.first else { return }
        guard failures.count > 1, var error = first as? DevloopError else { throw first }
        error.message += " (and \(failures.count - 1) more)"
        throw error
    }
}

extension ManifestObject {
    /// Whether Pods come of it soon; a CronJob makes them when its time comes.
    var makesPods: Bool {
        guard podPath != nil, kind != "CronJob", kind != "PodTemplate" else { return false }
        return json.at("spec", "replicas")?.int != 0 && json.at("spec", "suspend")?.bool != true
    }
}

extension KubeClient {
    /// The server's name for the kind of an object; nil when it has no such kind.
    func kind(of object: ManifestObject) async throws -> APIResource? {
        do {
            return try await resource(apiVersion: object.apiVersion, kind: object.kind)
        } catch let error as DevloopError where error.code == .objectRefused && error.kubeFailure == nil {
            return nil
        }
    }

    /// The object as the server has it; nil when it has none.
    func find(_ resource: APIResource, name: String, namespace: String) async throws -> JSONValue? {
        do {
            return try await get(resource, name: name, namespace: namespace)
        } catch  where error.kubeFailure?.isNotFound == true {
            return nil
        }
    }
}
