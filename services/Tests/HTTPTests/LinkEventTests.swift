// SPDX-License-Identifier: Apache-2.0

import Bus
import ServiceKit
import Testing
import Wire

@testable import link_service
@testable import social_graph_service

/// What followers hear of a link, byte for byte as it goes over the bus.
@Suite(.timeLimit(.minutes(1))) struct LinkEventTests {
    @Test func addsAndUpdatesReachEachFollowerAndDeletesDoNot() async throws {
        let bus = MemoryBus()
        let events = try await bus.messages(on: "link-events", queue: "the-queue")
        let social = try SocialGraphProgram.describe(Settings(GatewayTests.base), log: GatewayTests.quiet)
        try await withService(social) { socialPort in
            for follower in ["liat", "guy"] {
                let body = #"{"followed":"gigi","follower":"\#(follower)"}"#
                _ = try await RawHTTP.call(socialPort, "POST", "/follow", body)
            }
            let settings = GatewayTests.base.merging([
                "SOCIAL_GRAPH_MANAGER_SERVICE_HOST": "127.0.0.1", "SOCIAL_GRAPH_MANAGER_SERVICE_PORT": "\(socialPort)",
            ]) { $1 }
            let link = try LinkProgram.describe(Settings(settings), log: GatewayTests.quiet, bus: bus)
            try await withService(link) { port in
                let body = #"{"url":"u","title":"T","username":"gigi","tags":{"a":true}}"#
                _ = try await RawHTTP.call(port, "POST", "/links", body)
                let update = #"{"url":"u","description":"D","username":"gigi","removeTags":{"a":true}}"#
                _ = try await RawHTTP.call(port, "PUT", "/links", update)
                _ = try await RawHTTP.call(port, "DELETE", "/links?url=u&username=gigi")
                _ = try await RawHTTP.call(port, "POST", "/links", #"{"url":"v","username":"gigi"}"#)
                var messages = events.makeAsyncIterator()
                let wants = [
                    #"{"EventType":0,"Username":"<f>","Link":{"Url":"u","Title":"T","Description":"","Status":"pending","Tags":{"a":true},<times>}}"#,
                    #"{"EventType":1,"Username":"<f>","Link":{"Url":"u","Title":"T","Description":"D","Status":"pending","Tags":null,<times>}}"#,
                    #"{"EventType":0,"Username":"<f>","Link":{"Url":"v","Title":"","Description":"","Status":"pending","Tags":null,<times>}}"#,
                ]
                for want in wants {
                    for follower in ["guy", "liat"] {
                        let message = await messages.next().map { String(decoding: $0, as: UTF8.self) } ?? ""
                        // Full precision, as the original's are.
                        let shown = message.replacing(
                            /"CreatedAt":"[-0-9T:]{19}\.\d{1,9}Z","UpdatedAt":"[-0-9T:]{19}\.\d{1,9}Z"/
                        ) { _ in "<times>" }
                        #expect(shown == want.replacing("<f>", with: follower))
                    }
                }
            }
        }
    }
}
