// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing

@testable import DevloopLive

@Suite struct PullContainerTests {
    private static func pod(_ containers: [(String, [String])], running: [String]? = nil) -> JSONValue {
        [
            "metadata": ["name": "web-1"],
            "spec": [
                "containers": .array(
                    containers.map { name, command in
                        ["name": .string(name), "command": .array(command.map { .string($0) })]
                    })
            ],
            "status": [
                "containerStatuses": .array(
                    (running ?? containers.map(\.0)).map { ["name": .string($0), "state": ["running": [:]]] })
            ],
        ]
    }

    private static let agent = ["/devloop/agent", "run", "--probe", "tcp:1", "--", "/app/web"]
    private static let other = ["/devloop/app/.devloop-agent", "run", "--", "/app/web"]

    @Test func theOnlyOneWithAnAgentIsMeant() throws {
        let pod = Self.pod([("proxy", ["/proxy"]), ("web", Self.agent)])
        #expect(try PullContainer.choose(in: pod, wanted: nil) == PullContainer(name: "web", agent: "/devloop/agent"))
        let two = Self.pod([("a", Self.agent), ("b", Self.other)])
        let chosen = try PullContainer.choose(in: two, wanted: "b")
        #expect(chosen == PullContainer(name: "b", agent: "/devloop/app/.devloop-agent"))
    }

    struct Case: Sendable {
        var containers: [(String, [String])]
        var wanted: String?
        var running: [String]?
        var message: String
        var hint: String?
    }

    private static let refused: [Case] = [
        Case(
            containers: [("a", agent), ("b", other)], message: "the Pod web-1 has several containers that can be read",
            hint: "name one with -c: a, b"),
        Case(
            containers: [("a", agent)], wanted: "c", message: "the Pod web-1 has no container \"c\"",
            hint: "containers: a"),
        Case(
            containers: [("a", ["/agent", "serve"])],
            message: "the container a of the Pod web-1 has no agent of devloop, which reads the files",
            hint: "devloop up brings it with live images; elsewhere use kubectl cp"),
        Case(
            containers: [("a", agent), ("b", [])], wanted: "b",
            message: "the container b of the Pod web-1 has no agent of devloop, which reads the files",
            hint: "devloop up brings it with live images; elsewhere use kubectl cp"),
        Case(
            containers: [("a", agent)], running: [], message: "the container a of the Pod web-1 does not run", hint: nil
        ),
    ]

    @Test(arguments: refused.indices) func whatCannotBeReadIsRefused(_ index: Int) {
        let row = Self.refused[index]
        let error = #expect(throws: DevloopError.self) {
            try PullContainer.choose(in: Self.pod(row.containers, running: row.running), wanted: row.wanted)
        }
        #expect(error?.message == row.message)
        #expect(error?.hint == row.hint)
    }

    private static let sources: [(String, String?, String, String, String?)] = [
        ("web-1:/app/data", nil, "web-1", "/app/data", "data"),
        ("shop/web-1:/app/data/", "shop", "web-1", "/app/data/", "data"),
        ("web-1:/a:b", nil, "web-1", "/a:b", "a:b"), ("web-1:/", nil, "web-1", "/", nil),
        ("web-1:/a/..", nil, "web-1", "/a/..", nil),
    ]

    @Test(arguments: sources)
    func sourcesAreRead(_ row: (text: String, namespace: String?, pod: String, path: String, name: String?)) throws {
        let source = try #require(PullSource(row.text))
        #expect(source.namespace == row.namespace && source.pod == row.pod && source.path == row.path)
        #expect(source.name == row.name)
    }

    @Test(arguments: ["web-1", "web-1:", "web-1:relative", ":/a", "/web:/a", "a/b/c:/d", ""])
    func otherFormsAreNone(_ text: String) { #expect(PullSource(text) == nil) }
}
