// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import Wire

/// The gateway's part of the wire: what a user may do, for the user whose token came with the request.
struct GatewayRoutes: Sendable {
    let identity: Identity
    let links: Backend
    let socialGraph: Backend

    var all: [Route] {
        [
            route("GET", "/v1/links") { user, parameters in
                try await links.call(
                    "GET", "/links",
                    query: [
                        ("username", user), ("url", try parameters.text("url_regex")),
                        ("title", try parameters.text("title_regex")),
                        ("description", try parameters.text("description_regex")),
                        ("tag", try parameters.text("tag")), ("start", try parameters.text("start_token")),
                    ])
            },
            route("POST", "/v1/links") { user, parameters in
                try await links.call(
                    "POST", "/links",
                    body: [
                        "Url": .string(try parameters.required("url")),
                        "Title": .string(try parameters.required("title")),
                        "Description": .string(try parameters.text("description")),
                        "Username": .string(user),
                        "Tags": JSON(set: try parameters.tags("tags")),
                    ])
            },
            route("PUT", "/v1/links") { user, parameters in
                try await links.call(
                    "PUT", "/links",
                    body: [
                        "Url": .string(try parameters.required("url")),
                        "Title": .string(try parameters.required("title")),
                        "Description": .string(try parameters.text("description")),
                        "Username": .string(user),
                        "AddTags": JSON(set: try parameters.tags("add_tags")),
                        "RemoveTags": JSON(set: try parameters.tags("remove_tags")),
                    ])
            },
            route("DELETE", "/v1/links") { user, parameters in
                try await links.call(
                    "DELETE", "/links", query: [("username", user), ("url", try parameters.required("url"))])
            },
            route("GET", "/v1/followers") { user, _ in try await names("followers", of: user) },
            route("POST", "/v1/followers") { user, parameters in
                try await change("follow", followed: user, follower: try parameters.required("follower"))
            },
            route("GET", "/v1/following") { user, _ in try await names("following", of: user) },
            route("POST", "/v1/following") { user, parameters in
                try await change("follow", followed: try parameters.required("followed"), follower: user)
            },
            route("DELETE", "/v1/following") { user, parameters in
                try await change("unfollow", followed: try parameters.required("followed"), follower: user)
            },
        ]
    }

    /// A route for somebody who is known: first the token, then the parameters, then the work.
    private func route(
        _ method: String, _ path: String,
        work: @escaping @Sendable (String, Parameters) async throws -> Reply
    ) -> Route {
        Route(method, path) { call in
            do {
                let user = try await identity.name(token: call.headers["access-token"])
                return try await work(user, try Parameters(call))
            } catch let refusal as Refusal {
                return refusal.reply
            } catch {
                return Refusal(status: 400, text: "\(error)").reply
            }
        }
    }

    private func names(_ direction: String, of user: String) async throws(Refusal) -> Reply {
        guard !user.isEmpty else { throw Refusal(status: 500, text: "user name can't be empty") }
        // The service decodes twice, so that names may hold a slash or a percent sign.
        return try await socialGraph.call("GET", "/\(direction)/" + percentEncoded(percentEncoded(user)))
    }

    private func change(_ verb: String, followed: String, follower: String) async throws(Refusal) -> Reply {
        try await socialGraph.call(
            "POST", "/\(verb)", body: ["followed": .string(followed), "follower": .string(follower)])
    }
}
