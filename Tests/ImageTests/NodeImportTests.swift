// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import Hashing
import ImageDelivery
import ImagePack
import ProcessRunner
import Testing

/// Archives into the containerd of the real node.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct NodeImportTests {
    /// One receiver that runs these words.
    private static func command(_ words: [String], takesDelta: Bool = true) -> NodeImport {
        var settings = NodeImport.Settings(command: ProcessCommand(words))
        settings.takesDelta = takesDelta
        return NodeImport(settings, memory: nil)
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
        let another = node.delivery(memory)
        let later = try await another.deliver(third)
        #expect(later.way == "delta archive")
        #expect(try await node.has(third))
        for image in [first, second, third] { try await node.removeAll(image) }
        await delivery.close()
        await another.close()
    }

    @Test func theBaseOutlivesItsImage() async throws {
        let node = try Node()
        let fixture = try ImageFixture()
        let ref = unique("devloop.test/pinned")
        let base = unique("base") + String(repeating: ".", count: 100_000)
        let first = try fixture.image(ref: ref, base: base, program: unique("one"))
        let second = try fixture.image(ref: ref, base: base, program: unique("two"))
        let delivery = node.delivery(nil)
        #expect(try await delivery.deliver(first).way == "full archive")
        try await node.remove(first)
        #expect(try await !node.hasBlob(first.layers[1].digest))
        #expect(try await node.hasBlob(first.layers[0].digest))
        #expect(try await delivery.deliver(second).way == "delta archive")
        #expect(try await node.has(second))

        // Without the pin the base goes too, and the full archive follows once.
        try await node.removeAll(second)
        #expect(try await !node.hasBlob(first.layers[0].digest))
        #expect(try await delivery.deliver(second).way == "full archive")
        #expect(try await node.has(second))
        #expect(try await node.names(ref).count == 2)
        try await node.removeAll(second)
        await delivery.close()
    }

    @Test func aNodeThatForgotGetsTheFullArchive() async throws {
        let node = try Node()
        let fixture = try ImageFixture()
        let ref = unique("devloop.test/forgot")
        let image = try fixture.image(ref: ref, base: unique("base"), program: unique("program"))
        let memory = DeliveryMemory(path: fixture.folder("node.json"))
        // The node was given this once, and was made anew since.
        var given = NodeImages()
        given.add(image, pin: ImagePin(of: image))
        memory.save(given)
        let another = node.delivery(memory)
        let delivery = try await another.deliver(image)
        #expect(delivery.way == "full archive")
        #expect(try await node.has(image))
        #expect(memory.load() == given)
        try await node.removeAll(image)
        await another.close()
    }

    @Test func oldVersionsGoButNoneThatAPodNames() async throws {
        let node = try Node()
        let fixture = try ImageFixture()
        let ref = unique("devloop.test/prune")
        let base = unique("base")
        let images = try (0..<5).map { try fixture.image(ref: ref, base: base, program: unique("program\($0)")) }
        let used = ImageReference.canonical(images[0].reference)
        let delivery = NodeImport(
            node.settings { $0.keptVersions = 2 }, memory: nil, imagesInUse: { [used, "docker.io/library/other:1"] })
        for image in images { _ = try await delivery.deliver(image) }
        await delivery.close()
        let left = Set(try await node.names(ref))
        let kept = [images[0], images[3], images[4]].map { ImageReference.canonical($0.reference) }
        #expect(left == Set(kept + [ImagePin.reference(of: ref)]))
        for image in images[1...2] { #expect(try await node.names(image.configurationDigest.oci).isEmpty) }
        for image in images { try await node.removeAll(image) }
    }

    @Test func nothingIsRemovedWhenPodsCannotBeAsked() async throws {
        let node = try Node()
        let fixture = try ImageFixture()
        let ref = unique("devloop.test/keep")
        let images = try (0..<2).map { try fixture.image(ref: ref, base: "base", program: unique("program\($0)")) }
        let delivery = NodeImport(
            node.settings { $0.keptVersions = 1 }, memory: nil,
            imagesInUse: { throw DevloopError(.clusterRefused, "pods cannot be listed") })
        for image in images { _ = try await delivery.deliver(image) }
        await delivery.close()
        #expect(try await node.names(ref).count == 3)
        for image in images { try await node.removeAll(image) }
    }

    /// Two services start at once: the second of them finds the base of the first.
    @Test func imagesOfOneBaseAreBroughtOneAfterAnother() async throws {
        let node = try Node()
        let fixture = try ImageFixture()
        let base = unique("base") + String(repeating: ".", count: 100_000)
        let refs = ["one", "two", "three"].map { unique("devloop.test/\($0)") }
        let images = try refs.map { try fixture.image(ref: $0, base: base, program: unique("program")) }
        let delivery = ArchiveImport(summary: "test", nodes: [node.delivery(nil)])
        let ways = try await withThrowingTaskGroup(of: String.self) { group in
            for image in images { group.addTask { try await delivery.deliver(image).way } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(ways.sorted() == ["delta archive", "delta archive", "full archive"])
        await delivery.close()
        for image in images { try await node.removeAll(image) }
    }

    /// A waiting run whose process was killed meanwhile, as when the node was restarted or the machine slept.
    @Test func aWaitingRunThatDiedIsReplaced() async throws {
        let node = try Node()
        let fixture = try ImageFixture()
        let image = try fixture.image(
            ref: unique("devloop.test/died"), base: unique("base"), program: unique("program"))
        let delivery = node.delivery(nil)
        await delivery.prepare()
        var waiting: [Int] = []
        #expect(
            await poll(deadline: .seconds(10)) {
                waiting = Self.children("import\0-")
                return !waiting.isEmpty
            })
        for pid in waiting { kill(pid_t(pid), SIGKILL) }
        #expect(try await delivery.deliver(image).way == "full archive")
        #expect(try await node.has(image))
        await delivery.close()
        #expect(Self.children("import\0-").isEmpty)
        try await node.removeAll(image)
    }

    /// Processes below this one with these words on their command line.
    private static func children(_ words: String) -> [Int] {
        LiveProcesses.matching(words).filter { pid in
            let fields = (try? TestFiles.read("/proc/\(pid)/stat"))?.split(separator: ")").last?.split(separator: " ")
            return fields.flatMap { $0.count > 1 ? Int32($0[1]) : nil } == getpid()
        }
    }

    @Test func aRunKilledInTheMiddleIsToldOrReplaced() async throws {
        let fixture = try ImageFixture()
        let image = try fixture.image(ref: "a", base: String(repeating: "b", count: 1 << 20), program: "c")
        let dying = ["sh", "-c", "head -c 1000 > /dev/null; kill -9 $$"]
        let error = await #expect(throws: DevloopError.self) { try await Self.command(dying).deliver(image) }
        #expect(error?.message.contains("signal 9 (SIGKILL)") == true)
    }

    @Test func aWaitingRunKilledInTheMiddleIsReplaced() async throws {
        let fixture = try ImageFixture()
        let image = try fixture.image(ref: "a", base: String(repeating: "b", count: 1 << 20), program: "c")
        let (mark, copy) = (fixture.folder("mark"), fixture.folder("copy.tar"))
        let once = "if [ ! -e \"$0\" ]; then touch \"$0\"; head -c 1000 > /dev/null; kill -9 $$; fi; cat > \"$1\""
        var settings = NodeImport.Settings(command: ProcessCommand(["sh", "-c", once, mark, copy]))
        settings.keepsReady = true
        let delivery = NodeImport(settings, memory: nil)
        await delivery.prepare()
        #expect(try await delivery.deliver(image).way == "full archive")
        #expect(try SHA256.digest(ofFile: copy) == ImageArchive.make(image).digest())
        await delivery.close()
    }

    /// A containerd of its own whose disk is too small: it refuses, says why, and takes what fits afterwards.
    @Test func aNodeWithoutSpaceRefusesInItsOwnWords() async throws {
        let fixture = try ImageFixture()
        let disk = fixture.folder("disk")
        try TestFiles.makeDirectory(disk)
        guard mount("devloop-test", disk, "tmpfs", 0, "size=12m") == 0 else {
            throw DevloopError(.file, "cannot mount a small disk: \(String(cString: strerror(errno)))")
        }
        defer { umount2(disk, Int32(MNT_DETACH)) }
        try fixture.folder.write(
            "containerd.toml",
            """
            version = 2
            root = "\(disk)/root"
            state = "\(disk)/state"
            disabled_plugins = ["io.containerd.grpc.v1.cri"]
            [grpc]
              address = "\(fixture.folder("c.sock"))"

            """)
        let containerd = try await ProcessRunner.open(
            ProcessCommand(["containerd", "--config", fixture.folder("containerd.toml")])
        ) { _ in }
        let runtime = NodeRuntime.containerd(socket: fixture.folder("c.sock"))
        let version = ProcessCommand(["ctr", "-a", fixture.folder("c.sock"), "version"])
        #expect(
            try await poll(deadline: .seconds(30)) { try await ProcessRunner.run(version).status.isSuccess })
        var settings = NodeImport.Settings(command: ProcessCommand(runtime.importCommand(asRoot: false)))
        settings.pins = true
        let delivery = NodeImport(settings, memory: nil)
        let large = fixture.folder("large")
        try TestFiles.write(large, String(repeating: "0123456789abcdef", count: 1 << 20))
        let layers = try [("base", "/etc/hostname"), ("program", large)].map { name, file in
            try Layer(name: name, files: [try .file(file, at: "app/\(name)")], cache: fixture.cache)
        }
        let configuration = ImageConfiguration(
            entrypoint: ["/app/program"], arguments: [], environment: [:], directory: "/app",
            architecture: ImageFixture.architecture)
        let image = PackedImage(ref: "devloop.test/large", layers: layers, configuration: configuration)
        let error = await #expect(throws: DevloopError.self) { try await delivery.deliver(image) }
        #expect(error?.message.contains("no space left on device") == true, "\(error?.message ?? "")")
        let small = try fixture.image(ref: "devloop.test/small", base: "b", program: "c")
        // containerd gives the space of what was refused back when it next tidies up.
        var lastError: (any Error)?
        let isTaken = await poll(deadline: .seconds(30)) {
            do {
                return try await delivery.deliver(small).way == "full archive"
            } catch {
                lastError = error
                return false
            }
        }
        #expect(isTaken, "\(lastError.map { "\($0)" } ?? "")")
        await containerd.close()
    }

    @Test func aProgramThatIsNotThereIsNamed() async throws {
        let fixture = try ImageFixture()
        let image = try fixture.image(ref: "a", base: "b", program: "c")
        let error = await #expect(throws: DevloopError.self) {
            try await Self.command(["no-such-program"]).deliver(image)
        }
        #expect(error?.message.contains("no-such-program") == true)
        #expect(error?.hint != nil)
    }

    /// The node's disk is full: containerd refuses the delta, the full archive after it, and its words are told.
    @Test func aFullDiskIsToldWithTheWordsOfTheRuntime() async throws {
        let fixture = try ImageFixture()
        let image = try fixture.image(ref: "a", base: "b", program: "c")
        let full = ["dd", "of=/dev/full", "bs=4k", "status=none"]
        let error = await #expect(throws: DevloopError.self) { try await Self.command(full).deliver(image) }
        #expect(error?.message.contains("No space left on device") == true)
    }

    @Test func everyNodeGetsEveryImage() async throws {
        let fixture = try ImageFixture()
        let image = try fixture.image(ref: "a", base: "b", program: "c")
        let files = ["one", "two"].map { fixture.folder("\($0).tar") }
        let nodes = files.map { Self.command(["dd", "of=\($0)", "status=none"]) }
        let delivery = try await ArchiveImport(summary: "test", nodes: nodes).deliver(image)
        #expect(delivery.way == "full archive to 2 nodes")
        let digest = try ImageArchive.make(image).digest()
        for file in files { #expect(try SHA256.digest(ofFile: file) == digest) }
    }

    @Test func theNodeThatRefusesIsNamed() async throws {
        let fixture = try ImageFixture()
        let image = try fixture.image(ref: "a", base: "b", program: "c")
        var settings = NodeImport.Settings(command: ProcessCommand(["false"]))
        settings.name = "node two"
        let nodes = [
            Self.command(["dd", "of=\(fixture.folder("one.tar"))", "status=none"]), NodeImport(settings, memory: nil),
        ]
        let error = await #expect(throws: DevloopError.self) {
            try await ArchiveImport(summary: "test", nodes: nodes).deliver(image)
        }
        #expect(error?.message.hasPrefix("node two: 'false' did not take") == true)
    }

    /// How long a new program of a known base takes to the node; told, not judged.
    @Test func warmImportsAreTimed() async throws {
        let node = try Node()
        let fixture = try ImageFixture()
        let ref = unique("devloop.test/warm")
        let base = unique("base") + String(repeating: ".", count: 100_000)
        let delivery = node.delivery(nil)
        _ = try await delivery.deliver(try fixture.image(ref: ref, base: base, program: unique("first")))
        var times: [Int] = []
        var images: [PackedImage] = []
        for number in 0..<9 {
            let program = unique("\(number)") + String(repeating: "x", count: 117_000)
            let image = try fixture.image(ref: ref, base: base, program: program)
            images.append(image)
            await delivery.becomesReady()
            let start = ContinuousClock.now
            #expect(try await delivery.deliver(image).way == "delta archive")
            times.append(Int((ContinuousClock.now - start) / .milliseconds(1)))
        }
        print("a delta of 117 KB in a warm session took \(times.sorted()) ms")
        await delivery.close()
        for image in images { try await node.removeAll(image) }
    }

    @Test func aCommandThatFailsIsQuoted() async throws {
        let fixture = try ImageFixture()
        let image = try fixture.image(ref: "a", base: "b", program: "c")
        let command = ["sh", "-c", "cat > /dev/null; echo the disk is full >&2; exit 3"]
        let error = await #expect(throws: DevloopError.self) {
            try await Self.command(command).deliver(image)
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
            try await Self.command(["false"]).deliver(image)
        }
        #expect(error?.code == .image)
    }

    @Test func aCommandWithoutDeltasAlwaysGetsAll() async throws {
        let fixture = try ImageFixture()
        let target = fixture.folder("archive.tar")
        let image = try fixture.image(ref: "a", base: "b", program: "c")
        let delivery = Self.command(["dd", "of=\(target)", "status=none"], takesDelta: false)
        for _ in 0..<2 { #expect(try await delivery.deliver(image).way == "full archive") }
        let archive = try ImageArchive.make(image)
        #expect(try SHA256.digest(ofFile: target) == archive.digest())
    }
}
