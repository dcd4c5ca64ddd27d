// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import ImageDelivery
import ImagePack
import ProcessRunner
import Testing

/// Archives into the containerd of the real node.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct NodeImportTests {
    /// The runtime of the node that `KUBECONFIG` leads to; its socket lies beside that file.
    struct Node {
        let socket: String

        /// - Throws: when there is no such cluster: these tests are never skipped.
        init() throws {
            let path = ProcessEnvironment.value("KUBECONFIG") ?? ""
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
            socket = "\(folder)/run/containerd.sock"
            guard TestFiles.exists(socket) else {
                throw DevloopError(
                    .kubeconfig, "KUBECONFIG does not lead to the cluster of scripts/cluster",
                    hint: "start it: scripts/cluster up; eval \"$(scripts/cluster env)\"")
            }
        }

        var importCommand: [String] { ["ctr", "-a", socket, "-n", "k8s.io", "images", "import", "-"] }

        @discardableResult
        func images(_ words: String...) async throws -> ProcessResult {
            try await ProcessRunner.run(ProcessCommand(["ctr", "-a", socket, "-n", "k8s.io", "images"] + words))
        }

        /// Whether the node has the image with all its layers.
        func has(_ image: PackedImage) async throws -> Bool {
            let name = ImageReference.canonical(image.reference)
            return try await images("check", "name==\(name)").outputText.split(separator: "\n")
                .contains { $0.contains(image.manifestDigest.oci) && $0.contains("complete") }
        }

        func remove(_ image: PackedImage) async throws {
            try await images("rm", "--sync", ImageReference.canonical(image.reference))
        }

        func delivery(_ memory: DeliveryMemory?) -> ArchiveImport {
            ArchiveImport(summary: "test", arguments: importCommand, memory: memory)
        }
    }

    @Test func fullThenDeltaThenSeenBySession() async throws {
        let node = try Node()
        let fixture = try ImageFixture()
        let ref = unique("devloop.test/delta")
        let base = unique("base") + String(repeating: ".", count: 100_000)
        let first = try fixture.image(ref: ref, base: base, program: unique("one"))
        let second = try fixture.image(ref: ref, base: base, program: unique("two"))
        let third = try fixture.image(ref: ref, base: base, program: unique("three"))
        let memory = DeliveryMemory(path: fixture.folder("node.json"))
        let delivery = node.delivery(memory)

        let full = try await delivery.deliver(first)
        #expect(full.way == "full archive")
        #expect(full.reference == first.reference)
        #expect(full.sent > 100_000)
        #expect(try await node.has(first))

        let delta = try await delivery.deliver(second)
        #expect(delta.way == "delta archive")
        #expect(delta.sent < 20_000)
        #expect(try await node.has(second))

        // A later session knows from the file.
        let later = try await node.delivery(memory).deliver(third)
        #expect(later.way == "delta archive")
        #expect(try await node.has(third))
        for image in [first, second, third] { try await node.remove(image) }
    }

    @Test func aNodeThatForgotGetsTheFullArchive() async throws {
        let node = try Node()
        let fixture = try ImageFixture()
        let image = try fixture.image(
            ref: unique("devloop.test/forgot"), base: unique("base"), program: unique("program"))
        let memory = DeliveryMemory(path: fixture.folder("node.json"))
        // The node was given this layer once, and has collected it since.
        memory.save([image.layers[0].digest])
        let delivery = try await node.delivery(memory).deliver(image)
        #expect(delivery.way == "full archive")
        #expect(try await node.has(image))
        #expect(memory.load() == Set(image.layers.map(\.digest)))
        try await node.remove(image)
    }

    @Test func aCommandThatFailsIsQuoted() async throws {
        let fixture = try ImageFixture()
        let image = try fixture.image(ref: "a", base: "b", program: "c")
        let command = ["sh", "-c", "cat > /dev/null; echo the disk is full >&2; exit 3"]
        let error = await #expect(throws: DevloopError.self) {
            try await ArchiveImport(summary: "test", arguments: command, memory: nil).deliver(image)
        }
        #expect(error?.code == .image)
        #expect(error?.message.contains("exit code 3") == true)
        #expect(error?.message.contains("the disk is full") == true)
        #expect(error?.hint != nil)
    }

    @Test func aCommandThatReadsNothingIsNoHang() async throws {
        let fixture = try ImageFixture()
        let image = try fixture.image(ref: "a", base: String(repeating: "b", count: 1 << 20), program: "c")
        let error = await #expect(throws: DevloopError.self) {
            try await ArchiveImport(summary: "test", arguments: ["false"], memory: nil).deliver(image)
        }
        #expect(error?.code == .image)
    }

    @Test func aCommandWithoutDeltasAlwaysGetsAll() async throws {
        let fixture = try ImageFixture()
        let target = fixture.folder("archive.tar")
        let image = try fixture.image(ref: "a", base: "b", program: "c")
        let delivery = ArchiveImport(
            summary: "test", arguments: ["dd", "of=\(target)", "status=none"], takesDelta: false, memory: nil)
        for _ in 0..<2 { #expect(try await delivery.deliver(image).way == "full archive") }
        let archive = try ImageArchive.make(image)
        #expect(try SHA256.digest(ofFile: target) == archive.digest())
    }
}
