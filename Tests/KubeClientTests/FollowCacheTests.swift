// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing

@testable import KubeClient

@Suite struct FollowCacheTests {
    private static func object(_ name: String, uid: String? = nil, _ version: Int) -> JSONValue {
        [
            "metadata": [
                "name": .string(name), "uid": .string(uid ?? name), "resourceVersion": .string(String(version)),
                "managedFields": [["manager": "x"]],
            ]
        ]
    }

    private static func text(_ events: [FollowEvent]) -> [String] {
        events.map { event in
            func name(_ object: JSONValue) -> String {
                "\(object.at("metadata", "name")?.string ?? "")@\(object.at("metadata", "resourceVersion")?.string ?? "")"
            }
            switch event {
            case .added(let object): return "+\(name(object))"
            case .modified(let object): return "~\(name(object))"
            case .deleted(let object): return "-\(name(object))"
            case .connected, .disconnected, .synced: return "?"
            }
        }
    }

    struct ListCase: Sendable, CustomTestStringConvertible {
        var before: [JSONValue]
        var after: [JSONValue]
        var want: [String]
        var testDescription: String { want.joined(separator: " ") }

        static let all: [ListCase] = [
            ListCase(before: [], after: [], want: []),
            ListCase(before: [], after: [object("a", 1), object("b", 2)], want: ["+a@1", "+b@2"]),
            ListCase(before: [object("a", 1)], after: [object("a", 1)], want: []),
            ListCase(before: [object("a", 1)], after: [object("a", 5)], want: ["~a@5"]),
            ListCase(before: [object("a", 1), object("b", 2)], after: [object("b", 2)], want: ["-a@1"]),
            // Recreated under the same name while we were away.
            ListCase(before: [object("a", uid: "1", 1)], after: [object("a", uid: "2", 9)], want: ["-a@1", "+a@9"]),
        ]
    }

    @Test(arguments: ListCase.all) func comparesLists(_ test: ListCase) {
        var cache = FollowCache()
        _ = cache.replace(test.before)
        #expect(Self.text(cache.replace(test.after)) == test.want)
        #expect(cache.count == test.after.count)
    }

    @Test func appliesEvents() {
        var cache = FollowCache()
        func apply(_ event: WatchEvent) -> [String] { Self.text([cache.apply(event)].compactMap(\.self)) }
        #expect(apply(.added(Self.object("a", 1))) == ["+a@1"])
        // A watch that resumes repeats what is known.
        #expect(apply(.added(Self.object("a", 1))) == [])
        #expect(apply(.modified(Self.object("a", 2))) == ["~a@2"])
        #expect(apply(.modified(Self.object("b", 3))) == ["+b@3"])
        #expect(apply(.bookmark(resourceVersion: "9")) == [])
        #expect(apply(.deleted(Self.object("a", 4))) == ["-a@4"])
        #expect(cache.count == 1)
    }

    @Test(arguments: [
        ("{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}}", "7"),
        ("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"8\"}}}", "8"),
        ("{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}", nil),
    ])
    func readsLines(_ line: String, _ version: String?) throws {
        let event = try WatchEvent(parsing: Array(line.utf8))
        #expect(event != nil)
        #expect(event?.resourceVersion == version)
        if case .error(let failure) = event { #expect(failure.isExpired) }
    }

    @Test func backoffGrowsToItsLimit() {
        var backoff = Backoff(first: .milliseconds(250), limit: .seconds(10))
        let pauses = (0..<8).map { _ in backoff.next(random: 0) }
        #expect(pauses.map { $0 / .milliseconds(1) } == [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
        #expect(backoff.next(random: 1) == .seconds(5))
        backoff.reset()
        #expect(backoff.next(random: 0) == .milliseconds(250))
    }
}
