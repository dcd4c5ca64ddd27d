// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Hashing
import ImageDelivery
import ImagePack
import ProcessRunner
import Testing

/// Commands for nodes, and what is remembered of nodes.
struct NodeAccessTests {
    @Test func commandsForEachRoute() {
        let words = NodeRuntime.containerd(socket: nil).importCommand(asRoot: true)
        #expect(words == ["sudo", "-n", "ctr", "-n", "k8s.io", "images", "import", "-"])
        #expect(NodeAccess.here.arguments(words) == words)
        #expect(
            NodeAccess.container("dev-m02", program: "docker").arguments(["ctr", "a b"])
                == ["docker", "exec", "-i", "dev-m02", "ctr", "a b"])
        let ssh = NodeAccess.ssh(SSHMachine(address: "192.168.39.2", key: "/k/id_rsa")).arguments(["ctr", "a b"])
        #expect(ssh.first == "ssh" && ssh.suffix(3) == ["192.168.39.2", "ctr", "'a b'"])
        #expect(ssh.contains("BatchMode=yes") && ssh.contains("/k/id_rsa") && ssh.contains("docker"))
        #expect(NodeRuntime.podman.importCommand(asRoot: false) == ["podman", "load", "-q"])
        #expect(NodeRuntime.podman.removeCommand(["a"], asRoot: false) == nil)
        #expect(
            NodeRuntime.containerd(socket: "/s").removeCommand(["a", "b"], asRoot: false)
                == ["ctr", "-a", "/s", "-n", "k8s.io", "images", "rm", "a", "b"])
    }

    /// What ssh hands to the far shell arrives as the words that it was.
    @Test(arguments: [
        ["a", "b c", ""], ["it's", "$(touch /tmp/x)", "`id`"], ["a;b", "a\nb", "*", "~", "#x", "\\"],
        ["'", "''", "\"$HOME\""],
        ["docker.io/devloop/pin/a:base", "sha256:00"],
    ]) func wordsSurviveAShell(_ words: [String]) async throws {
        let quoted = NodeAccess(prefix: [], isShell: true).arguments(words).joined(separator: " ")
        let result = try await ProcessRunner.run(
            ProcessCommand(["sh", "-c", "for w in \(quoted); do printf '%s\\0' \"$w\"; done"]))
        let found = result.outputText.split(separator: "\0", omittingEmptySubsequences: false).dropLast().map(
            String.init)
        #expect(found == words)
    }

    @Test func pinsAreNamedAfterTheirRef() {
        #expect(ImagePin.reference(of: "delinkcious/link") == "docker.io/devloop/pin/delinkcious/link:base")
        #expect(
            ImagePin.reference(of: "Registry.test:5000/team/app")
                == "docker.io/devloop/pin/registry.test-5000/team/app:base")
    }

    @Test func versionsAreCountedForEachRef() throws {
        let fixture = try ImageFixture()
        var given = NodeImages()
        let images = try ["a", "a", "b", "a"].enumerated().map { number, ref in
            try fixture.image(ref: ref, base: "base", program: "program \(number)")
        }
        for image in images { given.add(image, pin: ImagePin(of: image)) }
        #expect(given.images.count == 4)
        #expect(given.layers.count == 5)
        #expect(given.isOver(2) && !given.isOver(3))
        // The oldest is in use: nothing of `a` can go but the second.
        let used = ImageReference.canonical(images[0].reference)
        let removed = given.removeSurplus(keeping: 1, inUse: [used])
        #expect(removed == [ImageReference.canonical(images[1].reference), images[1].configurationDigest.oci])
        #expect(given.images.map(\.reference).contains(used))
        // One delivered again is the newest.
        given.add(images[0], pin: nil)
        let next = given.removeSurplus(keeping: 1, inUse: [])
        #expect(next == [ImageReference.canonical(images[3].reference), images[3].configurationDigest.oci])
    }

    @Test func whatCouldNotBeRemovedIsTheOldest() throws {
        func entry(_ tag: String, names: Set<String> = []) throws -> NodeImages.Entry {
            let id = try #require(ContentDigest("sha256:" + String(repeating: "0", count: 63) + tag.suffix(1)))
            return NodeImages.Entry(reference: "docker.io/shop/web:\(tag)", ref: "shop/web", id: id, otherNames: names)
        }
        var given = NodeImages()
        given.add(try entry("1", names: ["docker.io/shop/web:a"]))
        given.add(try entry("2"))
        // Delivered again: the newest, and what it was called before is known still.
        given.add(try entry("1", names: ["docker.io/shop/web:b"]))
        #expect(given.images.map(\.reference) == ["docker.io/shop/web:2", "docker.io/shop/web:1"])
        #expect(given.images.last?.otherNames == ["docker.io/shop/web:a", "docker.io/shop/web:b"])
        let folder = try TemporaryDirectory("memory")
        let memory = DeliveryMemory(path: folder("node.json"))
        memory.save(given)
        #expect(memory.load() == given)
        let taken = given.takeSurplus(keeping: 1, inUse: [])
        #expect(taken == [try entry("2")])
        #expect(!given.has("docker.io/shop/web:2"))
        for _ in 0..<2 { given.putBack(taken[0]) }
        #expect(given.images.map(\.reference) == ["docker.io/shop/web:2", "docker.io/shop/web:1"])
        #expect(given.takeSurplus(keeping: 1, inUse: ["docker.io/shop/web:2"]) == [])
    }

    @Test func aBaseThatChangedLetsItsOldPinGo() throws {
        let fixture = try ImageFixture()
        var given = NodeImages()
        let first = try fixture.image(ref: "a", base: "old", program: "p")
        let second = try fixture.image(ref: "a", base: "new", program: "p")
        let pins = try [first, second].map { try #require(ImagePin(of: $0)) }
        given.add(first, pin: pins[0])
        #expect(given.has(pins[0]) && !given.has(pins[1]))
        given.add(second, pin: pins[1])
        #expect(given.has(pins[1]) && given.isOver(10))
        #expect(given.removeSurplus(keeping: 10, inUse: []) == [pins[0].configurationDigest.oci])
    }

    @Test func memoryIsWhatWasSavedAndGarbageIsNothing() throws {
        let fixture = try ImageFixture()
        let memory = DeliveryMemory(path: fixture.folder("node.json"))
        #expect(memory.load() == NodeImages())
        var given = NodeImages()
        let image = try fixture.image(ref: "a", base: "base", program: "p")
        given.add(image, pin: ImagePin(of: image))
        memory.save(given)
        #expect(memory.load() == given)
        for garbage in ["", "[]", "{\"images\": [{}], \"pins\": 3}", "no JSON"] {
            try fixture.folder.write("node.json", garbage)
            #expect(memory.load() == NodeImages())
        }
    }

    /// The archive goes into a file that no other had, and that is gone afterwards.
    @Test func programsGetFilesOfTheirOwn() async throws {
        let fixture = try ImageFixture()
        let image = try fixture.image(ref: "a", base: "base", program: "p")
        let list = fixture.folder("names")
        let copy = fixture.folder("copy.tar")
        let delivery = FileImport(summary: "test", folder: fixture.folder.path) { file in
            ProcessCommand(["sh", "-c", "echo \"$0\" >> \"$1\"; cp \"$0\" \"$2\"", file, list, copy])
        } cleanUp: { name in
            [ProcessCommand(["sh", "-c", "echo gone $0 >> $1", name, list])]
        }
        for _ in 0..<2 { #expect(try await delivery.deliver(image).way == "full archive") }
        let lines = try TestFiles.read(list).split(separator: "\n").map(String.init)
        #expect(lines.count == 4 && lines[0] != lines[2])
        for (file, cleaned) in [(lines[0], lines[1]), (lines[2], lines[3])] {
            #expect(!TestFiles.exists(file))
            #expect(cleaned == "gone \(file.split(separator: "/").last ?? "")")
        }
        #expect(try SmallFile.read(copy) == ImageArchive.make(image).bytes())
    }

    @Test func aProgramThatRefusesIsQuoted() async throws {
        let fixture = try ImageFixture()
        let image = try fixture.image(ref: "a", base: "base", program: "p")
        let delivery = FileImport(summary: "test", folder: fixture.folder.path) {
            ProcessCommand(["sh", "-c", "echo the node is stopped >&2; exit 85", $0])
        }
        let error = await #expect(throws: (any Error).self) { try await delivery.deliver(image) }
        #expect("\(try #require(error))".contains("the node is stopped"))
        let nowhere = FileImport(summary: "test", folder: fixture.folder("missing")) { ProcessCommand(["true", $0]) }
        let missing = await #expect(throws: (any Error).self) { try await nowhere.deliver(image) }
        #expect("\(try #require(missing))".contains("cannot write the image"))
    }
}
