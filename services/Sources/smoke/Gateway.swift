// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import Wire

/// The gateway as a client sees it.
struct Gateway: Sendable {
    let caller: HTTPCaller
    let token: String

    /// One call with its parameters in the query, as the original's smoke test makes it. Throws unless the status is
    /// `status`.
    @discardableResult
    func call(
        _ method: String, _ path: String, _ parameters: [(String, String)] = [], token: String? = nil,
        status: Int = 200
    ) async throws -> JSON {
        let query = parameters.map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
        let answer = try await caller.call(
            method, query.isEmpty ? path : "\(path)?\(query)", headers: [("Access-Token", token ?? self.token)])
        let text = String(decoding: answer.body, as: UTF8.self)
        guard answer.status == status else { throw DomainError("status \(answer.status): \(text)") }
        return try JSONParser.firstValue(in: answer.body)
    }

    /// The links that a call finds, and the token of the next page, empty for none.
    func links(_ parameters: [(String, String)] = []) async throws -> (links: [Link], next: String) {
        let fields = try FieldReader(try await call("GET", "/v1/links", parameters))
        var next = ""
        try fields.read("NextPageToken", into: &next)
        guard case .array(let items)? = fields.value("links") else { return ([], next) }
        return (try items.map { try Link(json: $0) }, next)
    }

    /// The names under `key`.
    func names(_ key: String) async throws -> Set<String> {
        let fields = try FieldReader(try await call("GET", "/v1/\(key)"))
        var names: Set<ExactText> = []
        try fields.read(key, into: &names)
        return Set(names.map(\.text))
    }
}
