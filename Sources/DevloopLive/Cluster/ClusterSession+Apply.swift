// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import KubeClient
import LoopEngine
import Plan
import Synchronization

extension ClusterSession {
    func apply(_ work: ApplyWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws -> String? {
        let renderer = Renderer(work)
        var generation: String?
        for group in ApplyOrder.groups(work.objects) {
            let rendered = group.map { ($0, renderer.render($0)) }
            generation = generation ?? rendered.compactMap(\.1.generation).first
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for (object, result) in rendered {
                    tasks.addTask { try await self.apply(object, as: result.json, within: work.timeout, onEvent) }
                }
                try await tasks.waitForAll()
            }
        }
        return generation
    }

    private func apply(
        _ object: ManifestObject, as rendered: JSONValue, within timeout: Duration,
        _ onEvent: @Sendable (ApplyNotice) -> Void
    ) async throws {
        do {
            let before = try await current(object)
            let isOurs = before == nil || before?.at("metadata", "annotations", Renderer.createdAnnotation) != nil
            var json = rendered
            if isOurs { json = Self.marked(json) }
            let after = try await client.apply(json, namespace: info.namespace, deadline: timeout)
            applied.withLock { $0[ObjectKey(object, namespace: info.namespace)] = object }
            let version = before?.at("metadata", "resourceVersion")
            let result =
                before == nil
                ? "created" : version == after.at("metadata", "resourceVersion") ? "unchanged" : "configured"
            onEvent(.applied(object: object.shortName, result: result))
        } catch let error as DevloopError where error.code == .objectRefused {
            var located = error
            located.location = object.location
            onEvent(.failed(object: object, error: located))
            throw located
        }
    }

    /// The object as the server has it; nil when it has none.
    private func current(_ object: ManifestObject) async throws -> JSONValue? {
        let resource = try await client.discovered(object)
        do {
            return try await client.get(resource, name: object.name, namespace: namespace(of: object))
        } catch  where error.kubeFailure?.isNotFound == true {
            return nil
        }
    }

    private func namespace(of object: ManifestObject) -> String {
        object.namespace.isEmpty ? info.namespace : object.namespace
    }

    /// With the mark of an object that was not there before us.
    private static func marked(_ json: JSONValue) -> JSONValue {
        var json = json
        var metadata = json["metadata"] ?? .object([:])
        var annotations = metadata["annotations"] ?? .object([:])
        annotations[Renderer.createdAnnotation] = "true"
        metadata["annotations"] = annotations
        json["metadata"] = metadata
        return json
    }

    func delete(_ objects: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        // Workloads first, what they need last.
        for group in ApplyOrder.groups(objects).reversed() {
            for object in group {
                guard let found = try await current(object),
                    found.at("metadata", "annotations", Renderer.createdAnnotation) != nil
                else { continue }
                let resource = try await client.discovered(object)
                if try await client.delete(resource, name: object.name, namespace: namespace(of: object)) {
                    onEvent(.pruned(object: object.shortName))
                }
                _ = applied.withLock { $0.removeValue(forKey: ObjectKey(object, namespace: info.namespace)) }
            }
        }
    }

    func prune(keeping: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        let kept = Set(keeping.map { ObjectKey($0, namespace: info.namespace) })
        let left = applied.withLock { applied in applied.filter { !kept.contains($0.key) }.map(\.value) }
        if !left.isEmpty { try await delete(left, onEvent: onEvent) }
    }
}

extension KubeClient {
    /// The server's name for the kind of an object.
    func discovered(_ object: ManifestObject) async throws -> APIResource {
        try await resource(apiVersion: object.apiVersion, kind: object.kind)
    }
}
