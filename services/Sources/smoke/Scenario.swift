// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import Wire

/// What a user does, step by step. Each step relies on those before it.
struct Scenario: Sendable {
    struct Step: Sendable {
        var name: String
        var run: @Sendable () async throws -> Void
    }

    let gateway: Gateway
    /// An address that is nobody else's, so that the steps find only their own.
    private let url = "http://127.0.0.1:1/smoke-\(UInt32.random(in: .min ... .max))"
    private let friend = "smoke-\(UInt32.random(in: .min ... .max))"

    var steps: [Step] {
        [
            Step(name: "nobody gets in without a token") {
                try await gateway.call("GET", "/v1/links", token: "", status: 401)
            },
            Step(name: "a list of those whom I follow") { _ = try await gateway.names("following") },
            Step(name: "following somebody shows, and once only") {
                try await gateway.call("POST", "/v1/following", [("followed", friend)])
                try expect(try await gateway.names("following").contains(friend), "the name is not there")
                let again = try await gateway.call("POST", "/v1/following", [("followed", friend)])
                try expect(again.text.contains("already follows"), again.text)
            },
            Step(name: "following nobody any more") {
                try await gateway.call("DELETE", "/v1/following", [("followed", friend)])
                try expect(!(try await gateway.names("following").contains(friend)), "the name is still there")
            },
            Step(name: "deleting a link that is not there is fine") {
                try await gateway.call("DELETE", "/v1/links", [("url", url)])
            },
            Step(name: "a link without an address is refused") {
                try await gateway.call("POST", "/v1/links", [("title", "t")], status: 400)
            },
            Step(name: "a link with tags") {
                try await gateway.call("POST", "/v1/links", [("url", url), ("title", "Smoke"), ("tags", "a,b")])
            },
            Step(name: "the link is found by address and tag") {
                let link = try await own([("tag", "b"), ("title_regex", "^Smoke$")])
                try expect(link.tags == ["a", "b"], "its tags are \(link.tags.map(\.text))")
                try expect(link.status != .valid, "it is valid, and nothing is there")
            },
            Step(name: "the same link again is refused") {
                try await gateway.call("POST", "/v1/links", [("url", url), ("title", "Smoke")], status: 500)
            },
            Step(name: "a change of text and tags") {
                try await gateway.call(
                    "PUT", "/v1/links",
                    [
                        ("url", url), ("title", "Changed"), ("description", "d"), ("add_tags", "c"),
                        ("remove_tags", "a"),
                    ])
                let link = try await own([("tag", "c")])
                try expect(link.title == "Changed" && link.description == "d" && link.tags == ["b", "c"], "\(link)")
            },
            Step(name: "every page, up to the last") {
                var (token, seen) = ("", 0)
                for _ in 0..<1_000 {
                    let page = try await gateway.links(token.isEmpty ? [] : [("start_token", token)])
                    seen += page.links.count { $0.url == url }
                    token = page.next
                    if token.isEmpty { break }
                }
                try expect(token.isEmpty, "the pages have no end")
                try expect(seen == 1, "the link was seen \(seen) times")
            },
            Step(name: "the link goes away") {
                try await gateway.call("DELETE", "/v1/links", [("url", url)])
                let left = try await gateway.links([("url_regex", url.replacing(".", with: "\\."))])
                try expect(left.links.isEmpty, "it is still there")
            },
        ]
    }

    private func own(_ parameters: [(String, String)]) async throws -> Link {
        let found = try await gateway.links(parameters + [("url_regex", url.replacing(".", with: "\\."))]).links
        guard found.count == 1, let link = found.first, link.url == url else {
            throw DomainError("\(found.count) links were found instead of the one")
        }
        return link
    }

    private func expect(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
        guard condition else { throw DomainError(reason()) }
    }
}
