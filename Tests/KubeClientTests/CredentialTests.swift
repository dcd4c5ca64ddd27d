// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Synchronization
import Testing

@testable import KubeClient

/// Credentials that expire, change or are refused while a client lives.
@Suite(.timeLimit(.minutes(1)))
struct CredentialTests {
    /// A plugin that notes each of its runs, and prints what the test wrote into `answer`.
    private struct Plugin {
        let folder: TemporaryDirectory

        init(_ body: String = "cat $(dirname $0)/answer") throws {
            folder = try TemporaryDirectory("plugin")
            try folder.write(
                "login", "#!/bin/sh\necho run >> $(dirname $0)/runs\n\(body)\n", mode: 0o755)
        }

        func answers(token: String, expires: String? = nil) throws {
            let time = expires.map { #","expirationTimestamp":"\#($0)""# } ?? ""
            try folder.write(
                "answer",
                #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"\#(token)"\#(time)}}"#
            )
        }

        var runs: Int { (try? TestFiles.read(folder("runs")))?.split(separator: "\n").count ?? 0 }

        func user(_ more: String = "") -> String {
            "{exec: {apiVersion: client.authentication.k8s.io/v1, command: \(folder("login"))\(more)}}"
        }
    }

    /// Answers 200 to one token, 401 to all others.
    private static func server(
        keepsConnections: Bool = true, _ token: @escaping @Sendable () -> String
    ) throws -> FaultServer {
        try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                defer { if !keepsConnections { connection.close() } }
                if head.split(separator: "\r\n").contains("Authorization: Bearer \(token())") {
                    connection.answer(200, "{\"gitVersion\":\"v1\"}")
                } else {
                    connection.answer(401, KubeFaultTests.status(401, "Unauthorized", "Unauthorized"))
                }
            }
        }
    }

    private static func config(_ server: FaultServer, user: String, context: String = "x") -> String {
        """
        current-context: \(context)
        clusters: [{name: c, cluster: {server: '\(server.url(""))'}}]
        contexts: [{name: \(context), context: {cluster: c, user: u}}]
        users: [{name: u, user: \(user)}]
        """
    }

    private static func ask(_ client: KubeClient, times: Int) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<times { group.addTask { _ = try await client.get("/version") } }
        }
    }

    @Test func aPluginRunsOnceForAllWhoWait() async throws {
        let plugin = try Plugin()
        try plugin.answers(token: "good")
        let server = try Self.server { "good" }
        defer { server.stop() }
        let client = try KubeFaultTests.client(server, user: plugin.user())
        try await Self.ask(client, times: 20)
        try await Self.ask(client, times: 20)
        #expect(plugin.runs == 1)
    }

    @Test func aRefusedTokenIsRenewedOnceForAll() async throws {
        let plugin = try Plugin()
        try plugin.answers(token: "old")
        let good = Mutex("old")
        let server = try Self.server { good.withLock { $0 } }
        defer { server.stop() }
        let client = try KubeFaultTests.client(server, user: plugin.user())
        try await Self.ask(client, times: 1)
        good.withLock { $0 = "new" }
        try plugin.answers(token: "new")
        try await Self.ask(client, times: 20)
        #expect(plugin.runs == 2)
        // One that stays refused is asked for once more, and then told.
        good.withLock { $0 = "other" }
        let error = await #expect(throws: DevloopError.self) { try await client.get("/version") }
        #expect(error?.code == .clusterRefused)
        #expect(plugin.runs == 3)
    }

    @Test func aTokenIsRenewedBeforeItExpires() async throws {
        let plugin = try Plugin()
        // An hour as the plugin's machine sees it; the client's clock is moved by the test.
        let expires = LogTimestamp(seconds: Int(ExecCredential.wallSeconds()) + 3_600).secondText
        try plugin.answers(token: "good", expires: expires)
        let server = try Self.server { "good" }
        defer { server.stop() }
        let ahead = Mutex(Duration.zero)
        let config = try KubeConfig(
            parsing: Array(Self.config(server, user: plugin.user()).utf8), file: "/k/config")
        let client = try KubeClient(config: config, now: { .now + ahead.withLock { $0 } })
        try await Self.ask(client, times: 2)
        ahead.withLock { $0 = .seconds(3_500) }
        try await Self.ask(client, times: 2)
        #expect(plugin.runs == 1)
        // Within half a minute of its end it is not used any more.
        ahead.withLock { $0 = .seconds(3_580) }
        try await Self.ask(client, times: 1)
        #expect(plugin.runs == 2)
    }

    @Test func aPluginsOwnWordsAreShown() async throws {
        let plugin = try Plugin(
            #"printf '\033[31mERROR\033[0m: the login has expired\nrun this:\n\n  login again\n' >&2; exit 3"#)
        let server = try Self.server { "good" }
        defer { server.stop() }
        let client = try KubeFaultTests.client(server, user: plugin.user(", installHint: install it"))
        let error = await #expect(throws: DevloopError.self) { try await client.get("/version") }
        #expect(error?.code == .kubeconfig)
        #expect(error?.message.hasSuffix("ERROR: the login has expired run this: login again") == true)
        #expect(error?.message.unicodeScalars.contains("\u{1B}") == false)
        #expect(error?.location?.file == "/k/config")
    }

    @Test func aPluginThatWantsATerminalIsNotStarted() async throws {
        let plugin = try Plugin()
        let server = try Self.server { "good" }
        defer { server.stop() }
        let client = try KubeFaultTests.client(server, user: plugin.user(", interactiveMode: Always"))
        let error = await #expect(throws: DevloopError.self) { try await client.get("/version") }
        #expect(error?.code == .kubeconfig)
        #expect(error?.hint != nil)
        #expect(plugin.runs == 0)
    }

    @Test func aPluginEndsWithTheLastWhoWaits() async throws {
        let plugin = try Plugin("echo $$ > $(dirname $0)/pid; exec sleep 100")
        let server = try Self.server { "good" }
        defer { server.stop() }
        let client = try KubeFaultTests.client(server, user: plugin.user())
        let tasks = (0..<3).map { _ in Task { try await client.get("/version") } }
        var process: Int32?
        #expect(
            await poll {
                process = (try? TestFiles.read(plugin.folder("pid"))).flatMap { Int32($0.filter(\.isNumber)) }
                return process != nil
            })
        for task in tasks { task.cancel() }
        for task in tasks { await #expect(throws: (any Error).self) { try await task.value } }
        let pid = try #require(process)
        #expect(await poll { !LiveProcesses.isRunning(Int(pid)) })
    }

    @Test func aTokenFileThatIsBeingReplacedIsNoFailure() async throws {
        let folder = try TemporaryDirectory("token")
        let file = try folder.write("token", "good\n")
        let server = try Self.server { "good" }
        defer { server.stop() }
        let ahead = Mutex(Duration.zero)
        let config = try KubeConfig(
            parsing: Array(Self.config(server, user: "{tokenFile: \(file)}").utf8), file: "/k/config")
        let client = try KubeClient(config: config, now: { .now + ahead.withLock { $0 } })
        try await Self.ask(client, times: 1)
        TestFiles.remove(file)
        ahead.withLock { $0 = .seconds(100) }
        try await Self.ask(client, times: 1)
    }

    @Test func theKubeconfigIsReadAgainWhenItsTokenIsRefused() async throws {
        let folder = try TemporaryDirectory("kubeconfig")
        let server = try Self.server { "new" }
        defer { server.stop() }
        let file = try folder.write("config", Self.config(server, user: "{token: old}"))
        let client = try KubeClient(config: try KubeConfig.load([file]))
        let error = await #expect(throws: DevloopError.self) { try await client.get("/version") }
        #expect(error?.code == .clusterRefused)
        // Half a file is no news.
        try folder.write("config", "clusters: [")
        await #expect(throws: DevloopError.self) { try await client.get("/version") }
        try folder.write("config", Self.config(server, user: "{token: new}"))
        try await Self.ask(client, times: 3)
    }

    /// `minikube start` and its like give the API server another port.
    @Test(arguments: [("kind-shop", true), ("production", false)])
    func aServerIsFollowedToAnotherPort(_ context: String, isFollowed: Bool) async throws {
        let folder = try TemporaryDirectory("kubeconfig")
        let first = try Self.server(keepsConnections: false) { "t" }
        let second = try Self.server { "t" }
        defer { second.stop() }
        let file = try folder.write("config", Self.config(first, user: "{token: t}", context: context))
        let client = try KubeClient(config: try KubeConfig.load([file]))
        try await Self.ask(client, times: 1)
        first.stop()
        try folder.write("config", Self.config(second, user: "{token: t}", context: context))
        if isFollowed {
            try await Self.ask(client, times: 3)
            #expect(second.connections > 0)
        } else {
            // Only what is a local cluster by its name and address may move: nothing leads to another cluster unasked.
            for _ in 0..<3 { _ = try? await client.get("/version") }
            #expect(second.connections == 0)
        }
    }
}
