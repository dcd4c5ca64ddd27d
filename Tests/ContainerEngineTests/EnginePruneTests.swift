// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import DevloopTestSupport
import Hashing
import ImageDelivery
import ImagePack
import LoopEngine
import Plan
import ProcessRunner
import Testing

@testable import DevloopLive

/// Old versions on a node whose containers run in a Docker Engine.
@Suite(.engine, .serialized, .timeLimit(.minutes(2)))
struct EnginePruneTests {
    let daemon: EngineDaemon
    let client: EngineClient

    init() throws {
        daemon = try #require(EngineDaemon.current)
        client = try daemon.client()
    }

    private func docker(_ words: String...) async throws {
        let result = try await ProcessRunner.run(ProcessCommand(["docker", "-H", daemon.endpoint.url] + words))
        #expect(result.status.isSuccess, "\(words): \(result.errorText)")
    }

    private static func packed(_ ref: String, _ content: String) throws -> PackedImage {
        let layer = try Layer(
            name: "x", files: [LayerFile(path: "x", content: .bytes(Array(content.utf8)), mode: 0o755)],
            cache: LayerDigestCache(path: nil))
        return PackedImage(
            ref: ref, layers: [layer],
            configuration: ImageConfiguration(
                entrypoint: ["/x"], arguments: [], environment: [:], directory: "/", architecture: "amd64"))
    }

    @Test func oldVersionsGoButNoneThatIsUsedOrNotOurs() async throws {
        let ref = unique("devloop.test/old")
        let images = try (0..<7).map { try Self.packed(ref, unique("version \($0)")) }
        let named = Protected([ImageReference.canonical(images[0].reference)])
        let delivery = EngineLoad(
            client, summary: "test", memory: nil, imagesInUse: { Set(named.value) }, keptVersions: 2)
        // Of the same name, and never ours.
        let foreign = try Self.packed(ref, unique("foreign"))
        try await client.load(try ImageArchive.make(foreign))
        #expect(try await delivery.deliver(foreign).way == "already there")
        for (number, image) in images.enumerated() {
            #expect(try await delivery.deliver(image).way == "full archive")
            if number == 1 { try await docker("create", "--network", "none", image.reference, "/x") }
            if number == 2 { try await docker("tag", image.reference, "\(ref):mine") }
            await delivery.images.settle()
        }
        var left: [Int] = []
        for (number, image) in images.enumerated() where try await client.image(image.reference) != nil {
            left.append(number)
        }
        // 0 is named by a Pod, 1 has a container, 5 and 6 are the newest.
        #expect(left == [0, 1, 5, 6])
        #expect(try await client.image("\(ref):mine")?.id == images[2].configurationDigest.oci)
        #expect(try await client.image(images[3].configurationDigest.oci) == nil)
        #expect(try await client.image(foreign.reference) != nil)

        // When nobody uses them any more, the next delivery takes them along.
        named.change { $0 = [] }
        try await docker("container", "prune", "-f")
        _ = try await delivery.deliver(try Self.packed(ref, unique("last")))
        await delivery.close()
        for number in 0...1 { #expect(try await client.image(images[number].reference) == nil) }
        #expect(try await client.image(foreign.reference) != nil)
    }

    @Test func whatEarlierSessionsBroughtIsRemembered() async throws {
        let folder = try TemporaryDirectory("memory")
        let memory = DeliveryMemory(path: folder("node.json"))
        let ref = unique("devloop.test/sessions")
        let images = try (0..<4).map { try Self.packed(ref, unique("version \($0)")) }
        for image in images[..<2] {
            // Pods that cannot be listed: nothing is removed.
            let delivery = EngineLoad(
                client, summary: "test", memory: memory,
                imagesInUse: { throw DevloopError(.clusterRefused, "pods cannot be listed") }, keptVersions: 1)
            _ = try await delivery.deliver(image)
            await delivery.close()
        }
        for image in images[..<2] { #expect(try await client.image(image.reference) != nil) }
        // One that a tag of somebody else's has taken over is not touched.
        try await docker("tag", images[1].reference, images[0].reference)
        let delivery = EngineLoad(client, summary: "test", memory: memory, imagesInUse: { [] }, keptVersions: 1)
        _ = try await delivery.deliver(images[2])
        await delivery.images.settle()
        #expect(try await client.image(images[0].reference)?.id == images[1].configurationDigest.oci)
        #expect(try await client.image(images[1].reference) == nil)
        #expect(memory.load().images.map(\.reference) == [ImageReference.canonical(images[2].reference)])
        // One that is delivered again is the newest.
        _ = try await delivery.deliver(images[3])
        await delivery.close()
        #expect(try await client.image(images[2].reference) == nil)
    }

    @Test func whatIsBuiltThereGoesWithItsNames() async throws {
        let fixture = try BuildFixture(["Dockerfile": "FROM scratch\nCOPY a /a\n", "a": unique("a")])
        var endpoint = daemon.endpoint
        endpoint.variables = ["DOCKER_HOST": endpoint.url]
        let delivery = EngineLoad(
            try EngineClient(endpoint), summary: "test", memory: nil, imagesInUse: { [] }, keptVersions: 1)
        let maker = ImageMakerTests.maker(delivery)
        let path = fixture.folder("Dockerfile")
        let built = Image(
            ref: unique("devloop.test/built"),
            builder: .docker(
                DockerBuild(context: fixture.folder.path, dockerfile: path, text: try TestFiles.read(path))))
        let script = "DOCKER_BUILDKIT=0 docker build -q --network host -t $EXPECTED_REF . && echo ref=$EXPECTED_REF"
        let command = Image(
            ref: unique("devloop.test/command"),
            builder: .custom(
                CustomBuild(
                    command: Command(arguments: ["sh", "-c", script], directory: fixture.folder.path),
                    deps: [fixture.folder("a")])))
        let lines = Protected([String]())
        func make(_ image: Image) async throws -> String {
            let reference = try await maker.make(
                ImageWork(image: image, artifact: nil, product: "", isLive: false)
            ) { notice in
                if case .output(let line) = notice { lines.change { $0.append(line) } }
            }
            await delivery.images.settle()
            return reference
        }
        let first = (try await make(built), try await make(command))
        let id = try #require(try await client.image(first.0)?.id)
        let expected = try #require(lines.value.last { $0.hasPrefix("ref=") }).dropFirst(4)
        #expect(try await client.image(String(expected)) != nil)

        try fixture.folder.write("a", unique("b"))
        let second = (try await make(built), try await make(command))
        for name in [first.0, first.1, String(expected), id] { #expect(try await client.image(name) == nil, "\(name)") }
        for name in [second.0, second.1] { #expect(try await client.image(name) != nil) }

        // A tag that the spec has chosen is the user's.
        guard case .custom(var custom) = command.builder else { return }
        custom.tag = "dev"
        var tagged = command
        tagged.builder = .custom(custom)
        for content in ["c", "d"] {
            try fixture.folder.write("a", unique(content))
            _ = try await make(tagged)
        }
        #expect(try await client.image("\(command.ref):dev") != nil)
        #expect(try await client.image(second.1) == nil)
    }
}
