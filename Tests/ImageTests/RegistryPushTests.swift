// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Hashing
import ImageDelivery
import ImagePack
import ProcessRunner
import Testing

/// Pushes to the registry that runs beside the cluster of `scripts/cluster`.
@Suite(.timeLimit(.minutes(2)))
struct RegistryPushTests {
    /// As `scripts/cluster status` names it.
    static let host = "127.0.0.1:15000"

    @Test func sendsOnceWhatTheRegistryDoesNotHave() async throws {
        let client = try HTTPClient()
        let push = RegistryPush(client: client, host: Self.host, hostFromCluster: nil, singleName: "")
        let fixture = try ImageFixture()
        let ref = unique("push")
        let base = unique("base") + String(repeating: ".", count: 50_000)
        let first = try fixture.image(ref: ref, base: base, program: unique("one"))

        let sent = try await push.deliver(first)
        #expect(sent.way == "registry")
        #expect(sent.sent == first.size + first.configuration.count + first.manifest.count)
        #expect(sent.reference == "\(Self.host)/\(ref):\(first.tag)")

        let again = try await push.deliver(first)
        #expect(again.way == "already there")
        #expect(again.sent == 0)
        #expect(again.reference == sent.reference)

        // Another program over the same base: the base stays where it is.
        let second = try fixture.image(ref: ref, base: base, program: unique("two"))
        let delta = try await push.deliver(second)
        #expect(delta.sent == second.layers[1].size + second.configuration.count + second.manifest.count)

        for image in [first, second] {
            var request = HTTPRequest("http://\(Self.host)/v2/\(ref)/manifests/\(image.tag)")
            request.headers["Accept"] = MediaType.manifest
            let answer = try await client.send(request)
            #expect(answer.status == 200)
            #expect(answer.body == image.manifest)
            for layer in image.layers {
                let blob = try await client.send(HTTPRequest("http://\(Self.host)/v2/\(ref)/blobs/\(layer.digest.oci)"))
                #expect(SHA256.digest(of: blob.body) == layer.digest)
            }
        }
    }

    @Test func theNodePullsWhatWasPushed() async throws {
        let node = try NodeImportTests.Node()
        let push = RegistryPush(
            client: try HTTPClient(), host: "\(Self.host)/team", hostFromCluster: nil, singleName: "")
        let image = try ImageFixture().image(ref: unique("pull"), base: unique("base"), program: unique("program"))
        let delivery = try await push.deliver(image)
        #expect(delivery.reference.hasPrefix("\(Self.host)/"))
        let pulled = try await node.images("pull", "--plain-http", delivery.reference)
        #expect(pulled.status.isSuccess, "\(pulled.errorText)")
        try await node.images("rm", "--sync", delivery.reference)
    }

    @Test func oneNameForAllAndAnotherHostInTheCluster() async throws {
        let push = RegistryPush(
            client: try HTTPClient(), host: Self.host, hostFromCluster: "registry:5000", singleName: "all-of-them")
        let image = try ImageFixture().image(ref: "shop/web", base: unique("base"), program: "p")
        let delivery = try await push.deliver(image)
        #expect(delivery.reference == "registry:5000/all-of-them:\(image.tag)")
    }

    @Test func anUnreachableRegistryIsNamed() async throws {
        let port = try freePort()
        let push = RegistryPush(
            client: try HTTPClient(), host: "127.0.0.1:\(port)", hostFromCluster: nil, singleName: "")
        let image = try ImageFixture().image(ref: "shop/web", base: "b", program: "p")
        let error = await #expect(throws: DevloopError.self) { try await push.deliver(image) }
        #expect(error?.message.contains("\(port)") == true)
    }
}
