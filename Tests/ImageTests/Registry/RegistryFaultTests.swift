// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Hashing
import ImageDelivery
import ImagePack
import Plan
import Synchronization
import Testing

@testable import Registry

/// Registries that answer what they should not.
@Suite(.timeLimit(.minutes(5)))
struct RegistryFaultTests {
    /// A registry whose answers a test gives: head of the request, its number from 1, and the connection.
    private final class Script: Sendable {
        let server: FaultServer
        private let log: Log

        init(_ answer: @escaping @Sendable (String, Int, FaultConnection) -> Void) throws {
            let log = Log()
            self.log = log
            server = try FaultServer { connection in
                while let (head, _) = connection.readRequest() { answer(head, log.add(head), connection) }
            }
        }

        deinit { server.stop() }

        /// Heads of the requests so far.
        var heads: [String] { log.heads.withLock { $0 } }
        var host: String { "127.0.0.1:\(server.port)" }
    }

    private final class Log: Sendable {
        let heads = Mutex<[String]>([])

        func add(_ head: String) -> Int {
            heads.withLock { heads in
                heads.append(head)
                return heads.count
            }
        }
    }

    private static func client(_ script: Script, retry: RetryRule = RegistryClientTests.quick) throws -> RegistryClient
    {
        RegistryClient(
            host: RegistryHost(script.host), http: try HTTPClient(), credentials: DockerCredentials(file: nil),
            retry: retry)
    }

    private static let digest = SHA256.digest(of: Array("blob".utf8))

    @Test(arguments: [429, 500, 502, 503, 504]) func whatMayPassIsTriedAgain(_ status: Int) async throws {
        let script = try Script { _, count, connection in connection.answer(count < 3 ? status : 200) }
        #expect(try await Self.client(script).hasBlob("a", Self.digest))
        #expect(script.heads.count == 3)
    }

    @Test func retriesAreBounded() async throws {
        let script = try Script { _, _, connection in
            connection.answer(503, #"{"errors": [{"code": "UNAVAILABLE", "message": "out for lunch"}]}"#)
        }
        let retry = RetryRule(attempts: 3, firstDelay: .milliseconds(1))
        let error = await #expect(throws: DevloopError.self) {
            // HEAD has no body, so the words come with GET.
            try await Self.client(script, retry: retry).manifest("a", "1")
        }
        #expect(script.heads.count == 3)
        #expect(error?.message.contains("503, UNAVAILABLE: out for lunch") == true, "\(error?.message ?? "")")
    }

    @Test func aWishForTooMuchPatienceIsAnErrorAtOnce() async throws {
        let script = try Script { _, _, connection in connection.answer(429, headers: "Retry-After: 3600\r\n") }
        let error = await #expect(throws: DevloopError.self) { try await Self.client(script).hasBlob("a", Self.digest) }
        #expect(script.heads.count == 1)
        #expect(error?.hint?.contains("too often") == true)
    }

    @Test func aShortWishIsGranted() async throws {
        let script = try Script { _, count, connection in
            connection.answer(count == 1 ? 429 : 404, headers: "Retry-After: 1\r\n")
        }
        let start = ContinuousClock.now
        #expect(try await !Self.client(script).hasBlob("a", Self.digest))
        #expect(ContinuousClock.now - start >= .seconds(1))
    }

    /// Failures so far, the registry's wish in seconds, the delay in milliseconds without and with all jitter.
    static let delays: [(Int, Int?, Int?, Int?)] = [
        (1, nil, 100, 200), (2, nil, 200, 400), (3, nil, 400, 800), (8, nil, 5000, 10_000), (9, nil, nil, nil),
        (1, 30, 30_000, 30_000), (1, 61, nil, nil), (1, 0, 0, 0),
    ]

    @Test(arguments: delays) func delaysGrow(_ failed: Int, _ wish: Int?, _ least: Int?, _ most: Int?) {
        let rule = RetryRule(attempts: 9)
        let wish = wish.map { Duration.seconds($0) }
        #expect(rule.delay(after: failed, wish: wish, jitter: 0) == least.map { .milliseconds($0) })
        #expect(rule.delay(after: failed, wish: wish, jitter: 1) == most.map { .milliseconds($0) })
    }

    @Test func aBlobThatIsCutOffIsReadOn() async throws {
        let bytes = [UInt8](repeating: 7, count: 300_000)
        let digest = SHA256.digest(of: bytes)
        let script = try Script { head, count, connection in
            if count == 1 {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n")
                connection.write(Array(bytes[..<100_000]))
                connection.close()
            } else {
                let from = head.split(separator: "bytes=").last.flatMap { Int($0.prefix(while: \.isNumber)) } ?? 0
                connection.write("HTTP/1.1 206 OK\r\nContent-Length: \(300_000 - from)\r\n\r\n")
                connection.write(Array(bytes[from...]))
            }
        }
        let folder = try TemporaryDirectory("blobs")
        let cache = try BlobCache(folder: folder.path)
        try await Self.client(script).fetch("a", digest, size: bytes.count, into: cache)
        #expect(cache.find(digest, size: bytes.count) != nil)
        #expect(script.heads.count == 2)
        #expect(script.heads[1].contains("Range: bytes=100000-"))
    }

    @Test func wrongBytesAreNotKept() async throws {
        let script = try Script { _, _, connection in connection.answer(200, "glob") }
        let folder = try TemporaryDirectory("blobs")
        let cache = try BlobCache(folder: folder.path)
        let error = await #expect(throws: DevloopError.self) {
            try await Self.client(script).fetch("a", Self.digest, size: 4, into: cache)
        }
        #expect(error?.message.contains(Self.digest.oci) == true)
        #expect(cache.find(Self.digest) == nil)
        let more = await #expect(throws: DevloopError.self) {
            try await Self.client(script).fetch("a", Self.digest, size: 3, into: cache)
        }
        #expect(more?.message.contains("larger than the 3 bytes") == true)
        #expect(TestProgram.run(["find", folder.path, "-name", "*.part"]).output.isEmpty)
    }

    @Test func credentialsDoNotFollowARedirect() async throws {
        let other = try Script { _, _, connection in connection.answer(200, "blob") }
        let script = try Script { head, _, connection in
            if head.contains("Authorization: Basic") {
                connection.answer(307, headers: "Location: http://\(other.host)/elsewhere?signed=1\r\n")
            } else {
                connection.answer(401, headers: "WWW-Authenticate: Basic realm=x\r\n")
            }
        }
        let folder = try TemporaryDirectory("blobs")
        let login = try folder.write(
            "config.json", #"{"auths": {"\#(script.host)": {"username": "u", "password": "p"}}}"#)
        let client = RegistryClient(
            host: RegistryHost(script.host), http: try HTTPClient(), credentials: DockerCredentials(file: login))
        let cache = try BlobCache(folder: folder("cache"))
        try await client.fetch("a", Self.digest, size: 4, into: cache)
        #expect(other.heads.count == 1)
        #expect(other.heads.first?.contains("Authorization") == false)
    }

    @Test func noWayLeadsOutOfTLS() throws {
        let client = RegistryClient(
            host: RegistryHost("registry.example"), http: try HTTPClient(), credentials: DockerCredentials(file: nil))
        let url = "https://registry.example/v2/a/blobs/uploads/?x=1"
        #expect(try client.resolve("/v2/b", from: url) == "https://registry.example/v2/b")
        #expect(try client.resolve("b?y", from: url) == "https://registry.example/v2/a/blobs/uploads/b?y")
        #expect(try client.resolve("https://other/b", from: url) == "https://other/b")
        #expect(throws: DevloopError.self) { try client.resolve("http://registry.example/b", from: url) }
        #expect(try client.resolve("http://other/b", from: "http://127.0.0.1:5000/") == "http://other/b")
    }

    /// Two addresses, and whether credentials for one go to the other.
    static let origins: [(String, String, Bool)] = [
        ("https://a", "https://a:443/v2/", true), ("https://A/x", "https://a", true), ("http://a", "http://a:80", true),
        ("https://a", "http://a", false), ("https://a", "https://a:5000", false),
        ("https://a", "https://a.evil", false),
        ("https://a", "https://a@evil/", false),
    ]

    @Test(arguments: origins) func originsAreCompared(_ left: String, _ right: String, _ same: Bool) {
        #expect((RegistryClient.origin(left) == RegistryClient.origin(right)) == same)
    }

    /// What is a manifest for a base, and what is told when it is none.
    static let manifests: [(String, String)] = [
        ("<html>", "no JSON"), ("{}", "no image"), (#"{"schemaVersion": 1}"#, "schema 1"),
        (#"{"manifests": []}"#, "no image for linux/"),
        (#"{"config": {"digest": "sha256:12", "size": 1}, "layers": []}"#, "no image"),
    ]

    @Test(arguments: manifests) func garbageIsNoBase(_ text: String, _ words: String) async throws {
        let script = try Script { _, _, connection in connection.answer(200, text) }
        let folder = try TemporaryDirectory("blobs")
        let puller = BasePuller(
            cache: try BlobCache(folder: folder.path),
            clients: RegistryClients(credentials: DockerCredentials(file: nil), retry: RegistryClientTests.quick))
        let name = try #require(ImageName("\(script.host)/base:1"))
        let error = await #expect(throws: DevloopError.self) {
            try await puller.pull(
                name, reference: "the-base", platform: ImagePlatform(architecture: "amd64"), note: { _ in })
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("the-base") == true)
    }

    @Test func aDigestThatIsNotThatOfTheBytesIsRefused() async throws {
        let script = try Script { _, _, connection in
            connection.answer(200, "{}", headers: "Docker-Content-Digest: \(Self.digest.oci)\r\n")
        }
        let error = await #expect(throws: DevloopError.self) { try await Self.client(script).manifest("a", "1") }
        #expect(error?.message.contains("damaged") == true)
    }

    @Test func nobodyThereIsToldQuickly() async throws {
        let client = RegistryClient(
            host: RegistryHost("127.0.0.1:\(try freePort())"), http: try HTTPClient(),
            credentials: DockerCredentials(file: nil), retry: RegistryClientTests.quick)
        let error = await #expect(throws: DevloopError.self) { try await client.hasBlob("a", Self.digest) }
        #expect(error?.code == .image)
        #expect(error?.hint?.contains("running") == true)
    }
}
