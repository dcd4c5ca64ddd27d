// SPDX-License-Identifier: Apache-2.0

import Bus
import NewsCore
import ObjectModel
import RedisStore
import ServiceKit
import Testing
import Wire

@testable import link_service
@testable import news_service
@testable import social_graph_service

/// News on a real Redis, and the way of an event from a link to a feed over a real NATS.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RedisTests {
    private func event(_ number: Int, to user: String = "liat", _ kind: LinkEvent.Kind = .added) -> NewsEvent {
        NewsEvent(
            kind: kind, username: user, url: "http://\(number)/é\"",
            time: Timestamp(seconds: Int64(number), nanoseconds: 5))
    }

    @Test func keepsFeedsAndAFullPageHasAToken() async throws {
        try await RealServer.with(.redis) { server in
            let store = RedisNewsStore(host: "127.0.0.1", port: server.port)
            for number in 0..<20 {
                try await store.add(event(number, number == 3 ? .updated : .added))
                try await store.add(event(number, to: "a b\n\u{0}é"))
            }
            let first = try await store.events(of: "liat", from: 0, limit: 10)
            #expect(first.events == (0..<10).map { event($0, $0 == 3 ? .updated : .added) })
            #expect(first.next == 10)
            let second = try await store.events(of: "liat", from: 10, limit: 10)
            #expect(second.events.map(\.time.seconds) == Array(10..<20))
            // Redis does not say whether there is more: the last page may be empty.
            #expect(second.next == 20)
            let last = try await store.events(of: "liat", from: 20, limit: 10)
            #expect(last.events.isEmpty && last.next == nil)
            #expect(try await store.events(of: "a b\n\u{0}é", from: 19, limit: 10).events.count == 1)
            #expect(try await store.events(of: "nobody", from: 0, limit: 10).events.isEmpty)
            #expect(try await store.events(of: "liat", from: Int.max, limit: 10).events.isEmpty)
        }
    }

    @Test func aServerThatGoesIsFoundAgain() async throws {
        try await RealServer.with(.redis) { server in
            let store = RedisNewsStore(host: "127.0.0.1", port: server.port)
            try await store.add(event(1))
            try await server.stop()
            await #expect(throws: DomainError.self) { try await store.events(of: "liat", from: 0, limit: 10) }
            try await server.start()
            // A question is asked again on a new connection; what is added is not added twice.
            #expect(try await store.events(of: "liat", from: 0, limit: 10).events.isEmpty)
            try? await store.add(event(2))
            try await store.add(event(3))
            let urls = try await store.events(of: "liat", from: 0, limit: 10).events.map(\.time.seconds)
            #expect(urls == [3] || urls == [2, 3])
        }
    }

    @Test func anAbsentServerIsWaitedForAndThenFatal() async throws {
        try await RealServer.with(.redis, started: false) { server in
            let address = [
                "NEWS_MANAGER_REDIS_SERVICE_HOST": "127.0.0.1", "NEWS_MANAGER_REDIS_SERVICE_PORT": "\(server.port)",
            ]
            await #expect(throws: DomainError.self) {
                try await withNews(address.merging(["STORE_PATIENCE_SECONDS": "0"]) { $1 }) { _ in }
            }
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await withNews(address) { port in
                        let page = try await news(port, of: "liat").page
                        #expect(page.events.isEmpty)
                        try await server.stop()
                        let refusal = try await news(port, of: "liat")
                        #expect(!refusal.err.isEmpty)
                    }
                }
                try await server.start()
                try await group.waitForAll()
            }
        }
    }

    @Test func aLinkBecomesNewsOfItsOwnersFollowers() async throws {
        try await RealServer.with(.redis) { redis in
            try await RealServer.with(.nats) { nats in
                let settings = GatewayTests.base.merging([
                    "NATS_CLUSTER_SERVICE_HOST": "nats://127.0.0.1", "NATS_CLUSTER_SERVICE_PORT": "\(nats.port)",
                    "NEWS_MANAGER_REDIS_SERVICE_HOST": "127.0.0.1", "NEWS_MANAGER_REDIS_SERVICE_PORT": "\(redis.port)",
                ]) { $1 }
                // As a Pod has them that is older than the Services.
                var older = settings
                for name in ["NATS_CLUSTER", "NEWS_MANAGER_REDIS"] {
                    older["\(name)_FALLBACK_HOST"] = older.removeValue(forKey: "\(name)_SERVICE_HOST")
                }
                try await withNews(older) { newsPort in
                    let social = try SocialGraphProgram.describe(Settings(settings), log: GatewayTests.quiet)
                    try await withService(social) { socialPort in
                        let all = settings.merging([
                            "SOCIAL_GRAPH_MANAGER_SERVICE_HOST": "127.0.0.1",
                            "SOCIAL_GRAPH_MANAGER_SERVICE_PORT": "\(socialPort)",
                        ]) { $1 }
                        let link = try LinkProgram.describe(Settings(all), log: GatewayTests.quiet)
                        try await withService(link) { linkPort in
                            let body = #"{"followed":"gigi","follower":"liat"}"#
                            _ = try await RawHTTP.call(socialPort, "POST", "/follow", body)
                            // Whoever subscribes late misses what was said before: a link is added until one arrives.
                            var number = 0
                            try await until {
                                let body = #"{"url":"http://\#(number)","username":"gigi"}"#
                                _ = try await RawHTTP.call(linkPort, "POST", "/links", body)
                                _ = try await RawHTTP.call(
                                    linkPort, "DELETE", "/links?username=gigi&url=http://\(number)")
                                number += 1
                                return try await news(newsPort, of: "liat").page.events.isEmpty == false
                            }
                            let event = try #require(try await news(newsPort, of: "liat").page.events.first)
                            #expect(event.kind == .added)
                            #expect(event.url.hasPrefix("http://"))
                            let own = try await news(newsPort, of: "gigi").page.events
                            #expect(own.isEmpty)
                        }
                    }
                }
            }
        }
    }
}
