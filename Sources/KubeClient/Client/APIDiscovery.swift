// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Remembers which kinds the API server has.
actor APIDiscovery {
    private var known: [String: [APIResource]] = [:]

    /// - Parameter load: Asks the server for the resources of an API version.
    func find(
        apiVersion: String, kind: String, load: @Sendable (String) async throws -> [APIResource]
    ) async throws -> APIResource? {
        if let hit = known[apiVersion]?.first(where: { $0.kind == kind }) { return hit }
        // A kind may have been added since: a custom resource that was just applied.
        let fresh = try await load(apiVersion)
        known[apiVersion] = fresh
        return fresh.first { $0.kind == kind }
    }
}

extension KubeClient {
    /// Where the server keeps objects of a kind.
    /// - Throws: `DevloopError` (`objectRefused`) when the server has no such kind.
    package func resource(apiVersion: String, kind: String) async throws -> APIResource {
        let found: APIResource?
        do {
            found = try await discovery.find(apiVersion: apiVersion, kind: kind) { apiVersion in
                let path = APIResource.root(apiVersion)
                let list = try await self.json(Call(path, what: "list the kinds of '\(apiVersion)'"))
                return Self.resources(list, apiVersion: apiVersion)
            }
        } catch  where error.kubeFailure?.isNotFound == true {
            found = nil
        }
        guard let found else {
            throw DevloopError(
                .objectRefused, "the cluster has no kind '\(kind)' in '\(apiVersion)'",
                hint: "check apiVersion and kind, or apply its CustomResourceDefinition first")
        }
        return found
    }

    static func resources(_ list: JSONValue, apiVersion: String) -> [APIResource] {
        (list["resources"]?.array ?? []).compactMap { entry in
            guard let kind = entry["kind"]?.string, let plural = entry["name"]?.string, !plural.contains("/") else {
                return nil
            }
            return APIResource(
                apiVersion: apiVersion, kind: kind, plural: plural, isNamespaced: entry["namespaced"]?.bool ?? true)
        }
    }
}
