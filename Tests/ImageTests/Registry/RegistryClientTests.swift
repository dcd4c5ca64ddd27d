// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Hashing
import ImageDelivery
import ImagePack
import ProcessRunner
import Registry
import Synchronization
import Testing

/// The client against Debian's docker-registry, which is a process of each test.
@Suite(.timeLimit(.minutes(5)))
struct RegistryClientTests {
    static let quick = RetryRule(attempts: 8, firstDelay: .milliseconds(50), longestDelay: .milliseconds(500))

    static func client(
        _ registry: RegistryProcess, credentials: String? = nil, retry: RetryRule = quick
    ) throws -> RegistryClient {
        RegistryClient(
            host: RegistryHost(registry.host), http: try HTTPClient(),
            credentials: DockerCredentials(file: credentials),
            retry: retry)
    }

    static func push(_ registry: RegistryProcess, credentials: String? = nil) throws -> RegistryPush {
        RegistryPush(
            client: try HTTPClient(), host: registry.host, hostFromCluster: nil, singleName: "",
            credentials: DockerCredentials(file: credentials), retry: quick)
    }

    /// A file of that many bytes that no two tests share.
    static func file(_ size: Int, in folder: TemporaryDirectory) throws -> (content: ByteSource, digest: ContentDigest)
    {
        let path = folder("blob-\(UInt64.random(in: 0 ... .max))")
        guard size > 0 else { return (ByteSource(), SHA256.digest(of: [])) }
        let result = TestProgram.run([
            "dd", "if=/dev/urandom", "of=\(path)", "bs=\(size)", "count=1", "iflag=fullblock",
        ])
        guard result.status == 0 else { throw DevloopError(.process, result.output) }
        var content = ByteSource()
        content.append(file: path, size: size)
        return (content, try content.digest())
    }

    /// Around the size of a chunk.
    static let sizes = [
        0, 1, RegistryClient.chunkSize - 1, RegistryClient.chunkSize, RegistryClient.chunkSize + 1,
        3 * RegistryClient.chunkSize, 3 * RegistryClient.chunkSize + 7,
    ]

    @Test func blobsOfAllSizesComeAndGoWhole() async throws {
        let registry = try await RegistryProcess()
        let client = try Self.client(registry)
        let cache = try BlobCache(folder: registry.folder("cache"))
        for size in Self.sizes {
            let blob = try Self.file(size, in: registry.folder)
            #expect(try await client.place(blob.content, blob.digest, in: "a/b") == .sent(size))
            #expect(try await client.place(blob.content, blob.digest, in: "a/b") == .wasThere)
            // Another repository of the same registry needs no bytes.
            #expect(try await client.place(blob.content, blob.digest, in: "c", from: "a/b") == .mounted)
            try await client.fetch("c", blob.digest, size: size, into: cache)
            #expect(try SHA256.digest(ofFile: cache.path(blob.digest)) == blob.digest)
        }
    }

    @Test func aMountFromWhereItIsNotIsAnUpload() async throws {
        let registry = try await RegistryProcess()
        let blob = try Self.file(9_000_000, in: registry.folder)
        #expect(
            try await Self.client(registry).place(blob.content, blob.digest, in: "a", from: "nobody")
                == .sent(9_000_000))
    }

    @Test func anUploadGoesOnWhereItWasCut() async throws {
        let registry = try await RegistryProcess()
        // Between client and registry: the third chunk gets lost with the registry itself, which comes back.
        let chunks = Counter()
        let gate = try Gate()
        let proxy = try FaultServer { connection in
            while let (head, body) = connection.readRequest() {
                if head.hasPrefix("PATCH"), chunks.next() == 3 {
                    gate.wait()
                    return
                }
                guard let answer = forward(head, body, to: registry.host) else { return }
                connection.write(answer)
            }
        }
        defer { proxy.stop() }
        let client = RegistryClient(
            host: RegistryHost("127.0.0.1:\(proxy.port)"), http: try HTTPClient(),
            credentials: DockerCredentials(file: nil), retry: Self.quick)
        let size = 6 * RegistryClient.chunkSize + 5
        let blob = try Self.file(size, in: registry.folder)
        let placement = try await withThrowingTaskGroup(of: RegistryClient.Placement?.self) { group in
            group.addTask { try await client.place(blob.content, blob.digest, in: "big") }
            group.addTask {
                #expect(await poll(deadline: .seconds(60)) { chunks.count == 3 })
                await registry.kill()
                gate.open()
                try await registry.start()
                return nil
            }
            var placement: RegistryClient.Placement?
            for try await result in group { placement = result ?? placement }
            return placement
        }
        #expect(placement == .sent(size))
        // One beginning, and the lost chunk twice: what was there was not sent again.
        #expect(try registry.requests("POST", "blobs/uploads") == 1)
        #expect(chunks.count == 8)
        #expect(try await client.hasBlob("big", blob.digest))
    }

    @Test func anUploadSurvivesARegistryThatIsKilledInAChunk() async throws {
        let registry = try await RegistryProcess()
        let client = try Self.client(registry)
        let blob = try Self.file(160 << 20, in: registry.folder)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { _ = try await client.place(blob.content, blob.digest, in: "big") }
            group.addTask {
                #expect(
                    await poll(deadline: .seconds(60), every: .milliseconds(2)) { registry.uploaded("big") > 8 << 20 })
                await registry.kill()
                try await registry.start()
            }
        }
        #expect(try await client.hasBlob("big", blob.digest))
        let cache = try BlobCache(folder: registry.folder("cache"))
        try await client.fetch("big", blob.digest, size: 160 << 20, into: cache)
    }

    @Test func anUploadBeginsAnewWhenTheRegistryHasForgottenIt() async throws {
        let registry = try await RegistryProcess()
        let client = try Self.client(registry)
        let blob = try Self.file(160 << 20, in: registry.folder)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { _ = try await client.place(blob.content, blob.digest, in: "big") }
            group.addTask {
                #expect(
                    await poll(deadline: .seconds(60), every: .milliseconds(2)) { registry.uploaded("big") > 8 << 20 })
                await registry.kill()
                registry.empty()
                try await registry.start()
            }
        }
        #expect(try registry.requests("POST", "blobs/uploads") == 2)
        #expect(try await client.hasBlob("big", blob.digest))
    }

    @Test func aRegistryThatLostItsBlobsGetsThemAgain() async throws {
        let registry = try await RegistryProcess()
        let push = try Self.push(registry)
        let fixture = try ImageFixture()
        let base = unique("base")
        let first = try fixture.image(ref: "shop/web", base: base, program: unique("one"))
        _ = try await push.deliver(first)
        // Behind the back of a session that knows what it has pushed.
        await registry.kill()
        registry.empty()
        try await registry.start()
        let second = try fixture.image(ref: "shop/web", base: base, program: unique("two"))
        let delivery = try await push.deliver(second)
        #expect(delivery.sent >= second.size)
        for layer in second.layers {
            #expect(try await Self.client(registry).hasBlob("shop_web", layer.digest))
        }
    }

    @Test func layersOfAnotherImageAreMounted() async throws {
        let registry = try await RegistryProcess()
        let push = try Self.push(registry)
        let fixture = try ImageFixture()
        let base = unique("base") + String(repeating: ".", count: 50_000)
        _ = try await push.deliver(try fixture.image(ref: "one", base: base, program: "1"))
        let second = try fixture.image(ref: "two", base: base, program: "2")
        let delivery = try await push.deliver(second)
        #expect(delivery.sent == second.layers[1].size + second.configuration.count + second.manifest.count)
    }

    @Test func imagesPushedTogetherSendTheirCommonLayerOnce() async throws {
        let registry = try await RegistryProcess()
        let push = try Self.push(registry)
        let fixture = try ImageFixture()
        let base = String(repeating: unique("base"), count: 500_000)
        let images = try (0..<5).map { try fixture.image(ref: "service-\($0)", base: base, program: "program \($0)") }
        let sent = try await withThrowingTaskGroup(of: Int.self) { group in
            for image in images { group.addTask { try await push.deliver(image).sent } }
            return try await group.reduce(0, +)
        }
        let others = images.map { $0.layers[1].size + $0.configuration.count + $0.manifest.count }.reduce(0, +)
        #expect(sent == images[0].layers[0].size + others)
        for image in images {
            #expect(try await Self.client(registry).manifestDigest(image.ref, image.tag) == image.manifestDigest)
        }
    }

    @Test func aReadOnlyRegistryIsToldAsOne() async throws {
        let registry = try await RegistryProcess()
        await registry.kill()
        try await registry.start(readOnly: true)
        let image = try ImageFixture().image(ref: "web", base: "b", program: "p")
        let error = await #expect(throws: DevloopError.self) { try await Self.push(registry).deliver(image) }
        #expect(error?.code == .image)
        #expect(error?.message.contains("405") == true, "\(error?.message ?? "")")
        #expect(error?.hint?.contains("read-only") == true, "\(error?.message ?? "")")
    }

    /// In a process of its own: what other tests keep at the same time is not this one's.
    @Test func memoryStaysFlat() async {
        await #expect(processExitsWith: .success) {
            let registry = try await RegistryProcess()
            let client = try RegistryClientTests.client(registry)
            let blob = try RegistryClientTests.file(300 << 20, in: registry.folder)
            let before = LiveProcesses.residentBytes()
            _ = try await client.place(blob.content, blob.digest, in: "big")
            let cache = try BlobCache(folder: registry.folder("cache"))
            try await client.fetch("big", blob.digest, size: 300 << 20, into: cache)
            #expect(LiveProcesses.residentBytes() - before < 100 << 20)
        }
    }

    private final class Counter: Sendable {
        private let value = Mutex(0)
        var count: Int { value.withLock { $0 } }

        func next() -> Int {
            value.withLock { value in
                value += 1
                return value
            }
        }
    }
}
