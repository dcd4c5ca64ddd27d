// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import SocialCore
import Stores
import Testing

@Suite struct SocialGraphTests {
    private func request(_ followed: String, _ follower: String) -> FollowRequest {
        var request = FollowRequest()
        request.followed = followed
        request.follower = follower
        return request
    }

    @Test(arguments: [("", ""), ("a", ""), ("", "b")])
    func refusesEmptyNames(followed: String, follower: String) async {
        let graph = SocialGraph(store: MemorySocialStore())
        await #expect(throws: SocialError.emptyName) { try await graph.follow(request(followed, follower)) }
        await #expect(throws: SocialError.emptyName) { try await graph.unfollow(request(followed, follower)) }
    }

    @Test func directionsAreNotTheSame() async throws {
        let graph = SocialGraph(store: MemorySocialStore())
        try await graph.follow(request("gigi", "liat"))
        try await graph.follow(request("gigi", "guy"))
        try await graph.follow(request("gigi", "gigi"))
        #expect(try await graph.followers(of: "gigi") == ["liat", "guy", "gigi"])
        #expect(try await graph.following("gigi") == ["gigi"])
        #expect(try await graph.following("liat") == ["gigi"])
        #expect(try await graph.followers(of: "liat").isEmpty)
        #expect(try await graph.following("nobody").isEmpty)
    }

    @Test func followsAndUnfollowsOnce() async throws {
        let graph = SocialGraph(store: MemorySocialStore())
        await #expect(throws: SocialError.unableToUnfollow) { try await graph.unfollow(request("a", "b")) }
        try await graph.follow(request("a", "b"))
        await #expect(throws: DomainError("b already follows a")) { try await graph.follow(request("a", "b")) }
        await #expect(throws: SocialError.unableToUnfollow) { try await graph.unfollow(request("b", "a")) }
        try await graph.unfollow(request("a", "b"))
        #expect(try await graph.followers(of: "a").isEmpty)
        try await graph.follow(request("a", "b"))
    }

    @Test func theStoreIsTheOriginalsUnlessMemoryIsSaid() throws {
        #expect(try StoreKind(setting: nil) == .postgres)
        #expect(try StoreKind(setting: "") == .postgres)
        #expect(try StoreKind(setting: "memory") == .memory)
        #expect(throws: DomainError("STORE=redis: there is no such store; known: memory, postgres")) {
            try StoreKind(setting: "redis")
        }
    }
}
