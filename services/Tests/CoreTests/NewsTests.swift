// SPDX-License-Identifier: Apache-2.0

import NewsCore
import ObjectModel
import Stores
import Testing

@Suite struct NewsTests {
    private func event(_ kind: LinkEvent.Kind, _ url: String?, to user: String = "liat") -> LinkEvent {
        let link = url.map { url in
            Link(
                url: url, title: "", description: "", status: .pending, tags: [], createdAt: .zero, updatedAt: .zero)
        }
        return LinkEvent(kind: kind, username: user, link: link)
    }

    @Test func keepsTheOrderInWhichEventsCame() async throws {
        let manager = NewsManager(store: MemoryNewsStore()) { Timestamp(seconds: 7) }
        for kind in [LinkEvent.Kind.added, .updated, .deleted] { try await manager.take(event(kind, "u")) }
        let page = try await manager.news(of: "liat", startToken: "")
        #expect(page.events.map(\.kind) == [.added, .updated, .deleted])
        #expect(page.events.allSatisfy { $0.username == "liat" && $0.url == "u" && $0.time.seconds == 7 })
        #expect(page.nextToken.isEmpty)
        #expect(try await manager.news(of: "gigi", startToken: "").events.isEmpty)
    }

    /// The original died of an update, which comes without its link.
    @Test func passesOverWhatHasNoLinkOrNobody() async throws {
        let manager = NewsManager(store: MemoryNewsStore())
        try await manager.take(event(.updated, nil))
        try await manager.take(event(.added, "u", to: ""))
        #expect(try await manager.news(of: "liat", startToken: "").events.isEmpty)
    }

    @Test(arguments: [0, 1, 9, 10, 11, 20, 25])
    func pagesLoseAndRepeatNothing(count: Int) async throws {
        let manager = NewsManager(store: MemoryNewsStore())
        for number in 0..<count { try await manager.take(event(.added, "\(number)")) }
        var (urls, token, pages) = ([String](), "", 0)
        repeat {
            let page = try await manager.news(of: "liat", startToken: token)
            urls += page.events.map(\.url)
            token = page.nextToken
            pages += 1
        } while !token.isEmpty
        #expect(urls == (0..<count).map(String.init))
        // From memory there is a token only when there is more.
        #expect(pages == max(1, (count + 9) / 10))
    }

    @Test(arguments: ["x", "-1", "1.0", " 1", "99999999999999999999"])
    func refusesATokenThatIsNone(token: String) async {
        let manager = NewsManager(store: MemoryNewsStore())
        await #expect(throws: DomainError("invalid start token: \(token)")) {
            try await manager.news(of: "liat", startToken: token)
        }
        await #expect(throws: NewsError.emptyUser) { try await manager.news(of: "", startToken: token) }
    }

    @Test func aTokenBehindTheEndIsAnEmptyPage() async throws {
        let manager = NewsManager(store: MemoryNewsStore())
        try await manager.take(event(.added, "u"))
        for token in ["1", "100", "\(Int.max)"] {
            let page = try await manager.news(of: "liat", startToken: token)
            #expect(page.events.isEmpty && page.nextToken.isEmpty)
        }
    }

    @Test func aFeedThatNobodyEmptiesLosesItsOldestOnly() async throws {
        let store = MemoryNewsStore()
        let count = 11_500
        for number in 0..<count {
            try await store.add(
                NewsEvent(kind: .added, username: "liat", url: "\(number)", time: Timestamp(seconds: 0)))
        }
        let (first, next) = try await store.events(of: "liat", from: 0, limit: 1)
        let oldest = try #require(first.first.flatMap { Int($0.url) })
        #expect((1...1_500).contains(oldest))
        // Tokens keep their meaning: they are the events' numbers.
        #expect(next == oldest + 1)
        #expect(try await store.events(of: "liat", from: count - 1, limit: 10).events.map(\.url) == ["\(count - 1)"])
    }
}
