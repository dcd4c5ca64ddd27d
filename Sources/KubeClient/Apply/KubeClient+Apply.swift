// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

extension KubeClient {
    /// Server-side apply: the object becomes what is written, fields of other managers stay.
    /// - Parameters:
    ///   - namespace: For objects that name none; nil means the context's.
    ///   - force: Takes fields over from other managers.
    ///   - dryRun: The server checks and answers, and changes nothing.
    ///   - deadline: For the server's answer.
    /// - Returns: The object as the server has it now.
    /// - Throws: `DevloopError` (`objectRefused`) with the server's words; a conflict names the other manager.
    package func apply(
        _ object: JSONValue, namespace: String? = nil, fieldManager: String = KubeClient.fieldManager,
        force: Bool = false, dryRun: Bool = false, deadline: Duration = .seconds(30)
    ) async throws -> JSONValue {
        let (resource, name, place) = try await locate(object, namespace: namespace)
        guard !name.isEmpty else {
            throw DevloopError(.objectRefused, "\(resource.kind) without metadata.name cannot be applied")
        }
        var query = [("fieldManager", fieldManager)]
        if force { query.append(("force", "true")) }
        if dryRun { query.append(("dryRun", "All")) }
        return try await json(
            Call(
                resource.path(namespace: place, name: name), method: "PATCH", query: query,
                body: AppliedForm.make(object).jsonBytes,
                contentType: "application/apply-patch+yaml",
                isRepeatable: true, deadline: deadline, what: describe("apply", resource, place, name)))
    }
}
