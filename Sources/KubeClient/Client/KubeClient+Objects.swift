// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// A page-wise list put together.
package struct KubeList: Sendable {
    package var items: [JSONValue]
    /// Where a watch may go on.
    package var resourceVersion: String
}

/// What happens to the objects that an object owns.
package enum DeletePropagation: String, Sendable {
    case background = "Background"
    case foreground = "Foreground"
    case orphan = "Orphan"
}

/// Ways to change an object in place.
package enum PatchKind: String, Sendable {
    case merge = "application/merge-patch+json"
    case strategic = "application/strategic-merge-patch+json"
    case json = "application/json-patch+json"
}

extension KubeClient {
    /// Version of the API server, as `v1.20.2`.
    package func serverVersion() async throws -> String {
        try await json(Call("/version", deadline: .seconds(10), what: "get the version"))["gitVersion"]?.string ?? ""
    }

    package func nodes() async throws -> [JSONValue] { try await list(.nodes).items }

    /// Any path, with the slash it begins with.
    package func get(_ path: String) async throws -> JSONValue { try await json(Call(path)) }

    /// One object.
    /// - Throws: `DevloopError` with a ``KubeFailure``, whose `isNotFound` tells a missing object.
    package func get(_ resource: APIResource, name: String, namespace: String? = nil) async throws -> JSONValue {
        try await json(
            Call(
                resource.path(namespace: place(resource, namespace), name: name),
                what: describe("get", resource, namespace, name)))
    }

    /// All objects of a kind.
    /// - Parameters:
    ///   - namespace: nil means all namespaces.
    ///   - pageSize: Items asked for at once; kubectl uses the same number.
    package func list(
        _ resource: APIResource, namespace: String? = nil, labelSelector: String? = nil, fieldSelector: String? = nil,
        pageSize: Int = 500
    ) async throws -> KubeList {
        var list = KubeList(items: [], resourceVersion: "")
        var token: String?
        var restartsLeft = 3
        while true {
            var query = [("limit", String(pageSize))]
            if let labelSelector { query.append(("labelSelector", labelSelector)) }
            if let fieldSelector { query.append(("fieldSelector", fieldSelector)) }
            if let token { query.append(("continue", token)) }
            let page: JSONValue
            do {
                page = try await json(
                    Call(resource.path(namespace: namespace), query: query, what: describe("list", resource, namespace))
                )
            } catch  where token != nil && restartsLeft > 0 && error.kubeFailure?.isExpired == true {
                // The pages outlived their snapshot: start over.
                (list, token) = (KubeList(items: [], resourceVersion: ""), nil)
                restartsLeft -= 1
                continue
            }
            for var item in page["items"]?.array ?? [] {
                // Items of a list do not say what they are.
                item["apiVersion"] = item["apiVersion"] ?? .string(resource.apiVersion)
                item["kind"] = item["kind"] ?? .string(resource.kind)
                list.items.append(item)
            }
            list.resourceVersion = page.at("metadata", "resourceVersion")?.string ?? ""
            token = page.at("metadata", "continue")?.string.flatMap { $0.isEmpty ? nil : $0 }
            if token == nil { return list }
        }
    }

    /// Creates an object; 409 when it exists.
    package func create(_ object: JSONValue, namespace: String? = nil) async throws -> JSONValue {
        let (resource, _, place) = try await locate(object, namespace: namespace)
        return try await json(
            Call(
                resource.path(namespace: place), method: "POST", query: [("fieldManager", Self.fieldManager)],
                body: object.jsonBytes, what: describe("create", resource, place, object.at("metadata", "name")?.string)
            ))
    }

    /// Changes an object in place.
    package func patch(
        _ resource: APIResource, name: String, namespace: String? = nil, kind: PatchKind = .merge, _ patch: JSONValue,
        subresource: String? = nil
    ) async throws -> JSONValue {
        try await json(
            Call(
                resource.path(namespace: place(resource, namespace), name: name, subresource: subresource),
                method: "PATCH", query: [("fieldManager", Self.fieldManager)], body: patch.jsonBytes,
                contentType: kind.rawValue,
                what: describe("patch", resource, namespace, name)))
    }

    /// Deletes an object.
    /// - Parameter gracePeriod: Seconds for its processes to end; nil leaves it to the object.
    /// - Returns: False when there was none.
    @discardableResult
    package func delete(
        _ resource: APIResource, name: String, namespace: String? = nil,
        propagation: DeletePropagation = .background, gracePeriod: Int? = nil
    ) async throws -> Bool {
        var options: JSONValue = [
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": .string(propagation.rawValue),
        ]
        if let gracePeriod { options["gracePeriodSeconds"] = .int(gracePeriod) }
        do {
            // Deleting twice is deleting: safe to repeat.
            _ = try await perform(
                Call(
                    resource.path(namespace: place(resource, namespace), name: name), method: "DELETE",
                    body: options.jsonBytes, isRepeatable: true, what: describe("delete", resource, namespace, name)))
            return true
        } catch  where error.kubeFailure?.isNotFound == true {
            return false
        }
    }

    /// Kind, name and namespace of an object: its own namespace first, then the given, then the context's.
    func locate(
        _ object: JSONValue, namespace: String?
    ) async throws -> (resource: APIResource, name: String, namespace: String?) {
        guard let apiVersion = object["apiVersion"]?.string, let kind = object["kind"]?.string else {
            throw DevloopError(.objectRefused, "object without apiVersion or kind")
        }
        let resource = try await resource(apiVersion: apiVersion, kind: kind)
        let name = object.at("metadata", "name")?.string ?? ""
        return (resource, name, place(resource, object.at("metadata", "namespace")?.string ?? namespace))
    }

    private func place(_ resource: APIResource, _ namespace: String?) -> String? {
        resource.isNamespaced ? namespace ?? context.namespace : nil
    }

    /// `get pods 'web' in 'shop'`.
    func describe(_ verb: String, _ resource: APIResource, _ namespace: String?, _ name: String? = nil) -> String {
        var text = "\(verb) \(resource.plural)"
        if let name { text += " '\(name)'" }
        if resource.isNamespaced, let namespace { text += " in '\(namespace)'" }
        return text
    }
}
