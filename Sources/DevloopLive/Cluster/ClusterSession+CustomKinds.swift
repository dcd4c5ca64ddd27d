// SPDX-License-Identifier: Apache-2.0

import KubeClient
import LoopEngine
import Plan

/// Custom resources, whose kinds may come to the cluster later than the session.
extension ClusterSession {
    /// A kind of the spec, and where its objects are.
    struct CustomKind: Sendable {
        var apiVersion: String
        var kind: String
        var namespaces: [String]
    }

    func customKinds(of resources: [Resource]) -> [CustomKind] {
        let objects = resources.flatMap { $0.kubernetes?.objects ?? [] }.filter(\.isCustom)
        return Dictionary(grouping: objects) { [$0.apiVersion, $0.kind] }.values.map { objects in
            let namespaces = objects.map { $0.namespace.isEmpty ? info.namespace : $0.namespace }
            return CustomKind(
                apiVersion: objects[0].apiVersion, kind: objects[0].kind, namespaces: Set(namespaces).sorted())
        }
    }

    /// Follows the objects of a kind, as soon as the cluster has it.
    func follow(_ custom: CustomKind, _ board: ClusterBoard) async {
        var pause = Duration.milliseconds(250)
        while !Task.isCancelled {
            if let resource = try? await client.resource(apiVersion: custom.apiVersion, kind: custom.kind) {
                return await withDiscardingTaskGroup { group in
                    for namespace in resource.isNamespaced ? custom.namespaces : Array(custom.namespaces.prefix(1)) {
                        group.addTask { await self.follow(resource, in: namespace, board) }
                    }
                }
            }
            guard (try? await Task.sleep(for: pause)) != nil else { return }
            pause = min(pause * 2, .seconds(5))
        }
    }
}
