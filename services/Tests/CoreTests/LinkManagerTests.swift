// SPDX-License-Identifier: Apache-2.0

import LinkCore
import ObjectModel
import Stores
import Synchronization
import Testing

@Suite struct LinkManagerTests {
    private func add(_ manager: LinkManager, _ url: String, _ user: String, tags: Set<ExactText> = []) async throws {
        var request = AddLinkRequest()
        request.url = url
        request.username = user
        request.tags = tags
        try await manager.add(request)
    }

    private func request(_ user: String, start: String = "", tag: String = "") -> GetLinksRequest {
        var request = GetLinksRequest()
        request.username = user
        request.start = start
        request.tag = tag
        return request
    }

    private func manager(
        maximum: Int = 10, changed: @escaping @Sendable (LinkChange) -> Void = { _ in },
        now: @escaping @Sendable () -> Timestamp = { Timestamp(seconds: 1_000) }
    ) -> LinkManager {
        LinkManager(store: MemoryLinkStore(), maximumLinks: maximum, changed: changed, now: now)
    }

    @Test func refusesEmptyNames() async throws {
        let manager = manager()
        await #expect(throws: LinkError.emptyUser) { try await manager.links(request("")) }
        await #expect(throws: LinkError.emptyURL) { try await add(manager, "", "") }
        await #expect(throws: LinkError.emptyOwner) { try await add(manager, "u", "") }
        await #expect(throws: LinkError.emptyURL) { try await manager.update(UpdateLinkRequest()) }
        await #expect(throws: LinkError.emptyURL) { try await manager.delete(url: "", of: "") }
        await #expect(throws: LinkError.emptyOwner) { try await manager.delete(url: "u", of: "") }
    }

    @Test(arguments: [1, 9, 10, 11, 20, 25])
    func pagesLoseAndRepeatNothing(count: Int) async throws {
        // All links have the same creation time: the original's token could not tell them apart.
        let manager = manager(maximum: 100)
        for number in 0..<count { try await add(manager, "http://\(number)", "gigi") }
        var urls: [String] = []
        var token: String? = ""
        var pages = 0
        while let start = token {
            let page = try await manager.links(request("gigi", start: start))
            #expect(page.links.count <= LinkManager.pageSize)
            urls += page.links.map(\.url)
            token = page.nextToken
            pages += 1
        }
        #expect(urls == (0..<count).map { "http://\($0)" })
        #expect(pages == (count + LinkManager.pageSize - 1) / LinkManager.pageSize)
    }

    @Test func aLinkThatIsDeletedBetweenPagesDoesNotShiftThem() async throws {
        let manager = manager(maximum: 100)
        for number in 0..<15 { try await add(manager, "\(number)", "gigi") }
        let token = try #require(try await manager.links(request("gigi")).nextToken)
        try await manager.delete(url: "9", of: "gigi")
        #expect(try await manager.links(request("gigi", start: token)).links.map(\.url) == (10..<15).map { "\($0)" })
    }

    @Test func startMayBeATime() async throws {
        let time = Atomic(Int64(100))
        let manager = manager(now: { Timestamp(seconds: time.add(1, ordering: .relaxed).newValue) })
        for number in 1...3 { try await add(manager, "\(number)", "gigi") }
        let page = try await manager.links(request("gigi", start: "1970-01-01T00:01:42Z"))
        #expect(page.links.map(\.url) == ["3"])
        await #expect(throws: DomainError("invalid start token: yesterday")) {
            try await manager.links(request("gigi", start: "yesterday"))
        }
    }

    @Test func aClockThatStepsBackDoesNotDisturbTheOrder() async throws {
        let times = Mutex<[Int64]>([10, 5, 7])
        let manager = manager(now: { times.withLock { Timestamp(seconds: $0.removeFirst()) } })
        for url in ["a", "b", "c"] { try await add(manager, url, "gigi") }
        #expect(try await manager.links(request("gigi")).links.map(\.url) == ["b", "c", "a"])
    }

    @Test func limitIsLookedAtBeforeDuplicates() async throws {
        let manager = manager(maximum: 2)
        try await add(manager, "a", "gigi")
        await #expect(throws: DomainError("user gigi already has a link for a")) { try await add(manager, "a", "gigi") }
        try await add(manager, "b", "gigi")
        await #expect(throws: LinkError.tooMany) { try await add(manager, "a", "gigi") }
        try await add(manager, "a", "liat")
        try await manager.delete(url: "a", of: "gigi")
        try await add(manager, "c", "gigi")
    }

    @Test(.timeLimit(.minutes(1)))
    func concurrentAddsKeepTheLimit() async throws {
        let manager = manager(maximum: 10)
        let refused = await withTaskGroup { group in
            for number in 0..<50 {
                group.addTask {
                    do {
                        try await add(manager, "\(number)", "gigi")
                        return false
                    } catch {
                        return true
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refused == 40)
        #expect(try await manager.links(request("gigi")).links.count == 10)
    }

    @Test func updateChangesWhatIsGivenAndTheTime() async throws {
        let time = Atomic(Int64(0))
        let manager = manager(now: { Timestamp(seconds: time.add(1, ordering: .relaxed).newValue) })
        try await add(manager, "a", "gigi", tags: ["x", "y"])
        var update = UpdateLinkRequest()
        update.url = "a"
        update.username = "gigi"
        update.addTags = ["z"]
        update.removeTags = ["x", "none"]
        try await manager.update(update)
        var link = try #require(try await manager.links(request("gigi", tag: "z")).links.first)
        #expect(link.tags == ["y", "z"])
        #expect(link.status == .pending)
        #expect(link.createdAt == Timestamp(seconds: 1))
        #expect(link.updatedAt == Timestamp(seconds: 2))
        update.title = "t"
        update.addTags = []
        try await manager.update(update)
        link = try #require(try await manager.links(request("gigi")).links.first)
        #expect(link.title == "t")
        #expect(try await manager.links(request("gigi", tag: "x")).links.isEmpty)
        update.url = "b"
        await #expect(throws: LinkError.updateFailed) { try await manager.update(update) }
    }

    @Test func filtersAreJoinedByAnd() async throws {
        let manager = manager()
        for (url, title, description) in [("http://a.org", "Swift", "x"), ("http://b.org", "Go", "x")] {
            var request = AddLinkRequest()
            request.url = url
            request.title = title
            request.description = description
            request.username = "gigi"
            try await manager.add(request)
        }
        var query = request("gigi")
        query.descriptionRegex = "^x$"
        #expect(try await manager.links(query).links.count == 2)
        query.titleRegex = "(?i)swift|rust"
        #expect(try await manager.links(query).links.map(\.url) == ["http://a.org"])
        query.urlRegex = "b"
        #expect(try await manager.links(query).links.isEmpty)
        query.urlRegex = "["
        await #expect(throws: DomainError("error parsing regexp: missing closing ]: `[`")) {
            try await manager.links(query)
        }
    }

    @Test func eachStoredChangeIsReportedOnce() async throws {
        let changes = Mutex<[LinkChange]>([])
        let manager = manager(changed: { change in changes.withLock { $0.append(change) } })
        try await add(manager, "a", "gigi")
        _ = try? await add(manager, "a", "gigi")
        var update = UpdateLinkRequest()
        update.url = "a"
        update.username = "gigi"
        try await manager.update(update)
        try await manager.delete(url: "a", of: "gigi")
        let seen = changes.withLock { $0 }
        #expect(seen.map(\.kind) == [.added, .updated, .deleted])
        #expect(seen.allSatisfy { $0.username == "gigi" && $0.url == "a" })
    }
}
