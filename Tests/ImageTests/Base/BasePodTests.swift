// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Hashing
import ImageDelivery
import ImagePack
import Plan
import ProcessRunner
import Registry
import Testing

/// Images on bases, pushed to the registry of the cluster and run by its node.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct BasePodTests {
    private static let host = RegistryPushTests.host

    /// Pushes and runs an image in a Pod; what it printed.
    private static func run(_ contents: SwiftImagePacker.Contents, pod: String = "{}") async throws -> String {
        let image = try await BasePackTests.packer.pack(contents)
        let push = RegistryPush(client: try HTTPClient(), host: host, hostFromCluster: nil, singleName: "")
        let reference = try await push.deliver(image).reference
        let namespace = unique("devloop-b").lowercased()
        func kubectl(_ words: String...) -> (status: Int32, output: String) {
            TestProgram.run(
                ["kubectl", "--request-timeout", "10s"] + words,
                setting: ["KUBECONFIG=\(ProcessEnvironment.value("KUBECONFIG") ?? "")"])
        }
        let created = kubectl("create", "namespace", namespace)
        guard created.status == 0 else {
            throw DevloopError(.kubeconfig, created.output, hint: "these tests need the cluster of scripts/cluster")
        }
        defer { _ = kubectl("delete", "namespace", namespace, "--wait=false") }
        // Pods are refused until the namespace has its service account.
        let isReady = await poll(deadline: .seconds(60)) {
            kubectl("-n", namespace, "get", "serviceaccount", "default").status == 0
        }
        #expect(isReady)
        let made = kubectl(
            "-n", namespace, "run", "app", "--image", reference, "--restart", "Never", "--overrides", pod)
        guard made.status == 0 else { throw DevloopError(.objectRefused, made.output) }
        var phase = ""
        let isOver = await poll(deadline: .seconds(180), every: .milliseconds(200)) {
            phase = kubectl("-n", namespace, "get", "pod", "app", "-o", "jsonpath={.status.phase}").output
            return phase == "Succeeded" || phase == "Failed"
        }
        let log = kubectl("-n", namespace, "logs", "app").output
        if !isOver || phase != "Succeeded" {
            throw DevloopError(
                .unhealthy, "\(phase): \(log)\n\(kubectl("-n", namespace, "describe", "pod", "app").output)")
        }
        return log
    }

    /// The interpreter, a Swift program with Foundation below it, with a script of the base's resources.
    private static func starlark(_ base: BaseImage?) throws -> (SwiftImagePacker.Contents, TemporaryDirectory) {
        let folder = try TemporaryDirectory("script")
        let script = try folder.write("hello.star", "print('hello from', 6 * 7)\n")
        var contents = SwiftImagePacker.Contents(
            ref: unique("base-pod"), product: "starlark", executable: BuiltProducts.path("starlark"),
            arguments: ["/app/hello.star"], environment: [:], resources: [(script, "/app/hello.star")], agent: nil)
        contents.base = base
        return (contents, folder)
    }

    @Test func aSwiftProgramRunsOnABaseWithGlibc() async throws {
        let (contents, folder) = try Self.starlark(try TestBase.make(glibc: true))
        #expect(try await Self.run(contents).contains("hello from 42"))
        _ = folder
    }

    @Test func aSwiftProgramRunsOnABaseWithoutGlibc() async throws {
        let (contents, folder) = try Self.starlark(try TestBase.make(shell: true))
        #expect(try await Self.run(contents).contains("hello from 42"))
        _ = folder
    }

    @Test func aSwiftProgramRunsOnABaseOfARegistry() async throws {
        // A base that somebody has pushed, pulled by our own client and carried on.
        let registry = try await RegistryProcess()
        let plain = try TestBase.make(config: ["Env": ["GREETING=x"]], glibc: true)
        let client = try RegistryClientTests.client(registry)
        for layer in plain.layers { _ = try await client.place(layer.content, layer.digest, in: "base") }
        let configuration = plain.configuration.jsonBytes
        _ = try await client.place(ByteSource(configuration), SHA256.digest(of: configuration), in: "base")
        let manifest: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.manifest),
            "config": [
                "mediaType": .string(MediaType.configuration), "size": .int(configuration.count),
                "digest": .string(SHA256.digest(of: configuration).oci),
            ],
            "layers": .array(
                plain.layers.map {
                    ["mediaType": .string($0.mediaType), "digest": .string($0.digest.oci), "size": .int($0.size)]
                }),
        ]
        try await client.put(manifest: manifest.jsonBytes, "base", tag: "1")
        let puller = BasePuller(
            cache: try BlobCache(folder: registry.folder("cache")),
            clients: RegistryClients(credentials: DockerCredentials(file: nil)))
        let reference = "\(registry.host)/base:1"
        let base = try await puller.pull(
            try #require(ImageName(reference)), reference: reference,
            platform: ImagePlatform(architecture: ImageFixture.architecture), note: { _ in })
        let (contents, folder) = try Self.starlark(base)
        #expect(try await Self.run(contents).contains("hello from 42"))
        _ = folder
    }

    @Test func aUserWhoIsNotRootWritesWhereItMay() async throws {
        var contents = SwiftImagePacker.Contents(
            ref: unique("user-pod"), product: "dash", executable: "/bin/dash",
            arguments: [
                "-c", "echo a > /tmp/a && echo b > b && pwd && ! echo c > /app/c && read x < b && echo $x $OURS",
            ],
            environment: ["OURS": "yes"], resources: [], agent: nil)
        (contents.user, contents.directory) = ("1000:1000", "/data")
        let pod = #"{"spec": {"securityContext": {"runAsNonRoot": true}}}"#
        let log = try await Self.run(contents, pod: pod)
        #expect(log.contains("/data\n") && log.contains("b yes"), "\(log)")
    }
}
