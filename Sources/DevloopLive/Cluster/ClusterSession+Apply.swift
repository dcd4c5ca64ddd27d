// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import KubeClient
import LoopEngine
import Plan

extension ClusterSession {
    /// Requests to the API server at the same time.
    private static let width = 8

    func apply(_ work: ApplyWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws -> ApplyResult {
        let needsAgent = work.live.values.contains(where: \.isInjected)
        let renderer = Renderer(work, agentImage: needsAgent ? try await images.agentImage() : nil)
        let applier = ObjectApplier(
            client: client, keeper: keeper, namespace: info.namespace, timeout: work.timeout,
            isForced: work.isForced, onEvent: onEvent)
        let entries = work.objects.map { Inventory.Entry($0, namespace: info.namespace) }
        var result = ApplyResult()
        for group in ApplyOrder.groups(work.objects) {
            // Written down before it is there: what a session that dies has made is known to the next one. Again for each
            // group, since the namespace of the inventory may be among the first.
            if let remark = try await keeper.note(entries) { onEvent(.remark(remark)) }
            let rendered = group.map { ($0, renderer.render($0)) }
            let made = try await Self.all(rendered) { object, rendered in
                let mark = object.kind == "Job" ? renderer.mark(of: rendered.json) : nil
                return (object, rendered.generation, try await applier.apply(object, as: rendered.json, mark: mark))
            }
            for case (let object, let generation, .there(let live)) in made {
                if let generation, object.podPath == nil || object.makesPods,
                    !WorkloadHealth.leavesOldPods(object.json)
                {
                    result.generations.insert(generation)
                }
                if object.isCustom, let uid = live?.at("metadata", "uid")?.string {
                    result.versions[uid] = live?.at("metadata", "generation")?.int ?? 0
                }
            }
            try await Self.all(group.filter { $0.kind == "CustomResourceDefinition" }) {
                try await applier.waitUntilEstablished($0)
            }
        }
        return result
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
    /// - Returns: what came of them, in any order.
    /// - Throws: the first failure, once all is done.
    @discardableResult
    private static func all<Item: Sendable, Made: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Made
    ) async throws -> [Made] {
        let results = await withTaskGroup(
            of: Result<Made, any Error>.self, returning: [Result<Made, any Error>].self
        ) { group in
            var results: [Result<Made, any Error>] = []
            for (number, item) in items.enumerated() {
                if number >= width, let result = await group.next() { results.append(result) }
                group.addTask {
                    do {
                        try Task.checkCancellation()
                        return .success(try await body(item))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for await result in group { results.append(result) }
            return results
        }
        var made: [Made] = []
        var failures: [any Error] = []
        for result in results {
            switch result {
            case .success(let one): made.append(one)
            case .failure(let error): failures.append(error)
            }
        }
        guard let first = failures.first else { return made }
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
