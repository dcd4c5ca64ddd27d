// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Hashing
import ImageDelivery
import ImagePack
import Plan
import Registry
import Synchronization
import Testing

/// Bases out of a real registry.
@Suite(.timeLimit(.minutes(5)))
struct BasePullTests {
    private let folder: TemporaryDirectory
    private let fixture: ImageFixture

    init() throws {
        folder = try TemporaryDirectory("bases")
        fixture = try ImageFixture()
    }

    private func puller(_ cache: String = "cache", login: String? = nil) throws -> BasePuller {
        BasePuller(
            cache: try BlobCache(folder: folder(cache)),
            clients: RegistryClients(
                credentials: DockerCredentials(file: login),
                retry: RetryRule(attempts: 3, firstDelay: .milliseconds(20))))
    }

    private static let amd64 = ImagePlatform(architecture: "amd64")

    /// Pushes an image; its reference.
    private func pushed(_ registry: RegistryProcess, _ text: String, login: String? = nil) async throws -> (
        String, PackedImage
    ) {
        let image = try fixture.image(ref: "base", base: text + String(repeating: ".", count: 20_000), program: text)
        let delivery = try await RegistryClientTests.push(registry, credentials: login).deliver(image)
        return (delivery.reference, image)
    }

    private func name(_ reference: String) throws -> ImageName { try #require(ImageName(reference)) }

    @Test func aTagIsPulledOnceAndKeptForAWeekWithoutNetwork() async throws {
        let registry = try await RegistryProcess(.basic)
        let login = try registry.login()
        let (reference, image) = try await pushed(registry, unique("a"), login: login)
        let base = try await puller(login: login).pull(
            try name(reference), reference: reference, platform: Self.amd64, note: { _ in })
        #expect(base.digest == image.manifestDigest)
        #expect(base.layers.map(\.digest) == image.layers.map(\.digest))
        #expect(base.layers.map(\.diffID) == image.layers.map(\.diffID))
        for layer in base.layers { #expect(try layer.content.digest() == layer.digest) }
        #expect(base.configuration.jsonBytes == (try JSONValue(parsing: image.configuration)).jsonBytes)
        // Configuration and two layers; the log is written a moment after the answer.
        let blobs = 3
        #expect(try await poll { try registry.requests("GET", "/blobs/") == blobs })

        // A later session asks whether the tag is what it was, and fetches nothing.
        _ = try await puller(login: login).pull(
            try name(reference), reference: reference, platform: Self.amd64, note: { _ in })
        #expect(try registry.requests("GET", "/blobs/") == blobs)

        // Without the registry it says so.
        await registry.kill()
        let notes = Mutex<[String]>([])
        let offline = try await puller(login: login).pull(
            try name(reference), reference: reference, platform: Self.amd64,
            note: { text in notes.withLock { $0.append(text) } })
        #expect(offline.digest == base.digest)
        #expect(notes.withLock { $0.first }?.contains("as it was fetched before, \(base.digest.oci)") == true)
        // By digest nobody is asked.
        let exact = "\(registry.host)/base@\(base.digest.oci)"
        try await registry.start()
        _ = try await puller(login: login).pull(try name(exact), reference: exact, platform: Self.amd64, note: { _ in })
        await registry.kill()
        let silent = try await puller(login: login).pull(
            try name(exact), reference: exact, platform: Self.amd64,
            note: { _ in Issue.record("there is nothing to tell") })
        #expect(silent.digest == base.digest)
        // What was never fetched cannot be had.
        let error = await #expect(throws: DevloopError.self) {
            try await puller("empty", login: login).pull(
                try name(reference), reference: reference, platform: Self.amd64, note: { _ in })
        }
        #expect(error?.message.contains(registry.host) == true)
    }

    @Test func aConfigurationIsReadWithoutTheLayers() async throws {
        let registry = try await RegistryProcess(.basic)
        let login = try registry.login()
        let (reference, _) = try await pushed(registry, unique("a"), login: login)
        let clients = RegistryClients(credentials: DockerCredentials(file: login))
        let name = try name(reference)
        let client = try clients[RegistryHost(name.registry)]
        let config = try await client.configuration(name, platform: Self.amd64)
        #expect(config["Entrypoint"] == ["/app/program"])
        #expect(try await poll { try registry.requests("GET", "/blobs/") == 1 })
        let missing = try #require(ImageName("\(registry.host)/base:none"))
        let error = await #expect(throws: DevloopError.self) {
            try await client.configuration(missing, platform: Self.amd64)
        }
        #expect(error?.message.contains("there is no base:none") == true)
    }

    @Test func aRegistryThatIsAskedTooOftenIsNoObstacle() async throws {
        let registry = try await RegistryProcess()
        let (_, image) = try await pushed(registry, unique("a"))
        // Limits requests for manifests once it was asked for them, as Docker Hub does.
        let (host, mark) = (registry.host, registry.folder("busy"))
        let proxy = try FaultServer { connection in
            guard let (head, body) = connection.readRequest() else { return }
            if head.contains("/manifests/"), TestFiles.exists(mark) {
                connection.answer(429, headers: "Connection: close\r\n")
            } else if let answer = forward(head, body, to: host) {
                connection.write(answer)
            }
        }
        defer { proxy.stop() }
        let reference = "127.0.0.1:\(proxy.port)/base:\(image.tag)"
        let base = try await puller().pull(
            try name(reference), reference: reference, platform: Self.amd64, note: { _ in })
        try registry.folder.write("busy", "")
        let notes = Mutex<[String]>([])
        let again = try await puller().pull(
            try name(reference), reference: reference, platform: Self.amd64,
            note: { text in notes.withLock { $0.append(text) } })
        #expect(again.digest == base.digest)
        #expect(notes.withLock { $0.first }?.contains("429") == true)
    }

    @Test func aTagMeansTheSameForASession() async throws {
        let registry = try await RegistryProcess()
        let (reference, image) = try await pushed(registry, unique("a"))
        let session = try puller()
        let first = try await session.pull(
            try name(reference), reference: reference, platform: Self.amd64, note: { _ in })
        #expect(first.digest == image.manifestDigest)
        // Somebody moves the tag.
        let other = try fixture.image(ref: "base", base: unique("b"), program: "p")
        let client = try RegistryClientTests.client(registry)
        for layer in other.layers { _ = try await client.place(layer.content, layer.digest, in: "base") }
        _ = try await client.place(ByteSource(other.configuration), other.configurationDigest, in: "base")
        try await client.put(manifest: other.manifest, "base", tag: image.tag)
        let same = try await session.pull(
            try name(reference), reference: reference, platform: Self.amd64, note: { _ in })
        #expect(same.digest == first.digest)
        let later = try await puller().pull(
            try name(reference), reference: reference, platform: Self.amd64, note: { _ in })
        #expect(later.digest == other.manifestDigest)
    }

    @Test func theRightOneOfAnIndexIsTaken() async throws {
        let registry = try await RegistryProcess()
        let (_, image) = try await pushed(registry, unique("a"))
        let client = try RegistryClientTests.client(registry)
        func entry(_ system: String, _ architecture: String, _ digest: ContentDigest) -> JSONValue {
            [
                "mediaType": .string(MediaType.manifest), "digest": .string(digest.oci),
                "size": .int(image.manifest.count),
                "platform": ["os": .string(system), "architecture": .string(architecture)],
            ]
        }
        let index: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.index),
            "manifests": [
                entry("unknown", "unknown", image.manifestDigest), entry("linux", "arm64", image.manifestDigest),
                entry("linux", "amd64", image.manifestDigest),
            ],
        ]
        try await client.put(manifest: index.jsonBytes, "base", tag: "many", mediaType: MediaType.index)
        let reference = "\(registry.host)/base:many"
        let base = try await puller().pull(
            try name(reference), reference: reference, platform: Self.amd64, note: { _ in })
        #expect(base.digest == image.manifestDigest)
        let error = await #expect(throws: DevloopError.self) {
            try await puller("other").pull(
                try name(reference), reference: reference, platform: ImagePlatform(architecture: "s390x"),
                note: { _ in })
        }
        #expect(error?.message.contains("only for linux/arm64, linux/amd64") == true)
        let missing = await #expect(throws: DevloopError.self) {
            try await puller().pull(
                try name("\(registry.host)/nobody:1"), reference: "nobody:1", platform: Self.amd64, note: { _ in })
        }
        #expect(missing?.message.contains("there is no image nobody:1") == true)
    }

    @Test func layersOfABaseInTheSameRegistryAreMounted() async throws {
        let registry = try await RegistryProcess()
        let (reference, _) = try await pushed(registry, unique("a"))
        let base = try await puller().pull(
            try name(reference), reference: reference, platform: Self.amd64, note: { _ in })
        let layer = try Layer(
            name: "own", files: [LayerFile(path: "app/x", content: .bytes([1]), mode: 0o755)], cache: fixture.cache)
        var configuration = ImageConfiguration(
            entrypoint: ["/app/x"], arguments: [], environment: [:], directory: "/app", architecture: "amd64")
        configuration.base = base.configuration
        let image = PackedImage(ref: "own", layers: [layer], configuration: configuration, base: base)
        let delivery = try await RegistryClientTests.push(registry).deliver(image)
        #expect(delivery.sent == layer.size + image.configuration.count + image.manifest.count)
    }

    @Test func twoProcessesMayFetchTheSame() async throws {
        let registry = try await RegistryProcess()
        let (reference, image) = try await pushed(registry, unique("a"))
        // Two caches over one folder share no memory, as two processes.
        let pullers = try (0..<4).map { _ in try puller() }
        let name = try name(reference)
        let digests = try await withThrowingTaskGroup(of: ContentDigest.self) { group in
            for puller in pullers {
                group.addTask {
                    try await puller.pull(name, reference: reference, platform: Self.amd64, note: { _ in }).digest
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(digests == [image.manifestDigest])
        #expect(TestProgram.run(["find", folder("cache"), "-name", "*.part"]).output.isEmpty)
    }
}
