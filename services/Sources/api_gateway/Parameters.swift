// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import Wire

/// A request's parameters, which may come in the query, as a form or as JSON, whatever the content type says: clients of
/// the original send each of these. JSON comes first, then the query, then the form.
struct Parameters: Sendable {
    private let fields: FieldReader?
    private let query: Query
    private let form: Query

    /// Throws for a body that begins as JSON and is none.
    init(_ call: Call) throws(DomainError) {
        query = call.query
        let start = call.body.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
        if start == UInt8(ascii: "{") {
            fields = try FieldReader(JSONParser.firstValue(in: call.body))
            form = Query("")
        } else {
            fields = nil
            form = Query(String(decoding: call.body, as: UTF8.self))
        }
    }

    /// The text of a parameter, empty if it is not given.
    func text(_ name: String) throws(Refusal) -> String {
        switch fields?.value(name) {
        case .string(let text)?: return text
        case .number(let digits)?: return digits
        case .bool(let value)?: return String(value)
        case .array?, .object?: throw Refusal(status: 400, parameter: name, text: "must be text")
        case .null?, nil: break
        }
        return query[name].isEmpty ? form[name] : query[name]
    }

    /// The text of a parameter without which nothing can be done.
    func required(_ name: String) throws(Refusal) -> String {
        let text = try text(name)
        guard !text.isEmpty else {
            throw Refusal(
                status: 400, parameter: name,
                text: "Missing required parameter in the JSON body or the post body or the query string")
        }
        return text
    }

    /// Tags: a list with commas, or in JSON a list or an object of which the keys count.
    func tags(_ name: String) throws(Refusal) -> Set<ExactText> {
        switch fields?.value(name) {
        case .object(let members)?: return Set(members.map { ExactText($0.key) })
        case .array(let items)?:
            var tags: Set<ExactText> = []
            for item in items {
                guard case .string(let text) = item else {
                    throw Refusal(status: 400, parameter: name, text: "must be a list of texts")
                }
                tags.insert(ExactText(text))
            }
            return tags
        default:
            let parts = try text(name).split(separator: ",").map(trimmed)
            return Set(parts.filter { !$0.isEmpty }.map { ExactText($0) })
        }
    }
}

private func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
}
