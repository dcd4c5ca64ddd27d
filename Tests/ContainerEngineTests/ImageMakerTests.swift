// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import DevloopTestSupport
import ImageDelivery
import ImagePack
import LoopEngine
import Plan
import ProcessRunner
import Testing

@testable import DevloopLive

/// Images of the spec on a node whose containers run in the engine that builds them, as with Minikube's docker runtime.
@Suite(.engine, .serialized, .timeLimit(.minutes(2)))
struct ImageMakerTests {
    let daemon: EngineDaemon
    let maker: ImageMaker
    let notices = Protected([ImageNotice]())

    init() throws {
        daemon = try #require(EngineDaemon.current)
        var endpoint = daemon.endpoint
        endpoint.variables = ["DOCKER_HOST": endpoint.url]
        maker = Self.maker(EngineLoad(try EngineClient(endpoint), summary: "test"))
    }

    static func maker(_ delivery: (any ImageDelivering)?, registry: DefaultRegistry? = nil) -> ImageMaker {
        let cache = LayerDigestCache(path: nil)
        return ImageMaker(
            delivery: delivery, packer: SwiftImagePacker(cache: cache, architecture: "amd64"), cache: cache,
            link: BuildLink(),
            registry: registry, architecture: "amd64")
    }

    private func make(_ image: Image, with other: ImageMaker? = nil) async throws -> String {
        let work = ImageWork(image: image, artifact: nil, product: "", isLive: false)
        return try await (other ?? maker).make(work) { notice in notices.change { $0.append(notice) } }
    }

    private var lines: [String] {
        notices.value.compactMap { if case .output(let line) = $0 { line } else { nil } }
    }

    private func docker(_ ref: String, _ fixture: BuildFixture, dependencies: [String] = []) throws -> Image {
        let path = fixture.folder("Dockerfile")
        var image = Image(
            ref: ref,
            builder: .docker(
                DockerBuild(context: fixture.folder.path, dockerfile: path, text: try TestFiles.read(path))))
        image.dependencies = dependencies
        return image
    }

    @Test func whatTheNodesEngineBuildsIsNotSent() async throws {
        let fixture = try BuildFixture(["Dockerfile": "FROM scratch\nCOPY a /a\n", "a": unique("a")])
        let ref = unique("devloop.test/there")
        let image = try docker(ref, fixture)
        let reference = try await make(image)
        #expect(reference.hasPrefix("\(ref):devloop-"))
        #expect(try await daemon.client().image(reference) != nil)
        #expect(lines.contains { $0.contains("building with") })
        #expect(lines.contains { $0.contains("COPY a /a") })

        // Touched, but the same: nothing is built.
        notices.change { $0 = [] }
        try fixture.folder.write("a", try TestFiles.read(fixture.folder("a")))
        #expect(try await make(image) == reference)
        #expect(lines.count == 1)
        #expect(lines.first?.contains("nothing is built") == true)

        notices.change { $0 = [] }
        try fixture.folder.write("a", unique("b"))
        let second = try await make(image)
        #expect(second != reference)
        #expect(lines.contains { $0.contains("COPY a /a") })

        // The engine has lost it: it is built again.
        let removal = try await ProcessRunner.run(
            ProcessCommand(["docker", "-H", daemon.endpoint.url, "image", "rm", second]))
        #expect(removal.status.isSuccess, "\(removal.errorText)")
        notices.change { $0 = [] }
        let third = try await make(image)
        #expect(lines.contains { $0.contains("COPY a /a") })
        #expect(try await daemon.client().image(third) != nil)
    }

    @Test func whatIsSentIsReadOutAndTheLastOneDoesNotStay() async throws {
        // A node with another runtime: the image goes there as an archive.
        let fixture = try BuildFixture(["Dockerfile": "FROM scratch\nCOPY a /a\n", "a": unique("a")])
        let sink = fixture.folder("archive.tar")
        var settings = NodeImport.Settings(command: ProcessCommand(["dd", "of=\(sink)", "status=none"]))
        settings.takesDelta = false
        var other = Self.maker(
            ArchiveImport(summary: "test", nodes: [NodeImport(settings, memory: nil)]))
        other.environment["DOCKER_HOST"] = daemon.endpoint.url
        let ref = unique("devloop.test/sent")
        var image = try docker(ref, fixture)
        image.builder = .docker(
            DockerBuild(
                context: fixture.folder.path, dockerfile: nil, text: "FROM scratch\nCOPY a /a\n"))
        let first = try await make(image, with: other)
        let id = try #require(await other.built[ref]?.localName)
        let archive = try ImageArchiveReader.read(sink)
        #expect(archive.names.contains { $0.hasSuffix(first) })
        #expect(try await daemon.client().image(id) != nil)
        try fixture.folder.write("a", unique("b"))
        #expect(try await make(image, with: other) != first)
        #expect(try await daemon.client().image(id) == nil)
        #expect(await other.built[ref]?.localName != id)
    }

    /// What live updates put behind the agent.
    @Test func whatAnImageRunsIsReadWhereItLies() async throws {
        let dockerfile = "FROM scratch\nCOPY a /a\nENTRYPOINT [\"/a\", \"$X\"]\nCMD [\"-v\"]\n"
        let wanted = ImageProgram(entrypoint: ["/a", "$X"], arguments: ["-v"])
        let fixture = try BuildFixture(["Dockerfile": dockerfile, "a": unique("a")])
        let image = try docker(unique("devloop.test/program"), fixture)
        #expect(await maker.program(of: image).problem?.contains("was not made") == true)
        // In the engine that runs it.
        let reference = try await make(image)
        #expect(await maker.program(of: image) == wanted)
        // In the archive that was sent.
        let sink = fixture.folder("archive.tar")
        var settings = NodeImport.Settings(command: ProcessCommand(["dd", "of=\(sink)", "status=none"]))
        settings.takesDelta = false
        var other = Self.maker(ArchiveImport(summary: "test", nodes: [NodeImport(settings, memory: nil)]))
        other.environment["DOCKER_HOST"] = daemon.endpoint.url
        _ = try await make(image, with: other)
        #expect(await other.program(of: image) == wanted)
        // Delivered by its own command: known to this machine's engine, or to nobody.
        for (tag, isKnown) in [(String(reference.split(separator: ":")[1]), true), ("none", false)] {
            var custom = CustomBuild(
                command: Command(arguments: ["true"], directory: fixture.folder.path), deps: [fixture.folder("a")])
            custom.disablePush = true
            custom.tag = tag
            let own = Image(ref: image.ref, builder: .custom(custom))
            _ = try await make(own, with: other)
            let program = await other.program(of: own)
            #expect((program == wanted) == isKnown)
            if !isKnown { #expect(program.problem?.contains("a command in the manifest") == true) }
        }
    }

    @Test func imagesOfTheSpecAreBuiltOnEachOther() async throws {
        let base = try BuildFixture(["Dockerfile": "FROM scratch\nCOPY a /a\n", "a": unique("a")])
        let top = try BuildFixture(["Dockerfile": "FROM demo/base\nCOPY b /b\n", "b": unique("b")])
        let first = try docker("demo/base", base)
        let second = try docker(unique("devloop.test/top"), top, dependencies: ["demo/base"])
        let early = await #expect(throws: DevloopError.self) { try await make(second) }
        #expect(early?.message.contains("demo/base was not made yet") == true)
        _ = try await make(first)
        let before = try await make(second)
        try base.folder.write("a", unique("c"))
        _ = try await make(first)
        #expect(try await make(second) != before)
    }

    @Test func aCommandReachesTheNodesEngineAndItsImageIsNamedByContent() async throws {
        let fixture = try BuildFixture(["Dockerfile": "FROM scratch\nCOPY a /a\n", "a": unique("a")])
        let ref = unique("devloop.test/command")
        var custom = CustomBuild(
            command: Command(
                arguments: [
                    "sh", "-c",
                    "DOCKER_BUILDKIT=0 docker build --network host -t $EXPECTED_REF . && echo ref=$EXPECTED_REF "
                        + "image=$EXPECTED_IMAGE tag=$EXPECTED_TAG registry=$EXPECTED_REGISTRY.",
                ], directory: fixture.folder.path),
            deps: [fixture.folder("a"), fixture.folder("Dockerfile")])
        let reference = try await make(Image(ref: ref, builder: .custom(custom)))
        #expect(reference.hasPrefix("\(ref):devloop-"))
        #expect(try await daemon.client().image(reference) != nil)
        let told = try #require(lines.first { $0.hasPrefix("ref=") })
        let tag = try #require(told.split(separator: " ").first { $0.hasPrefix("tag=") }?.dropFirst(4))
        let path = ref.dropFirst("devloop.test/".count)
        #expect(told == "ref=\(ref):\(tag) image=\(path) tag=\(tag) registry=devloop.test.")

        // A name of its own, in a file.
        custom.outputsImageRefTo = fixture.folder("ref")
        custom.command.arguments[2] =
            "DOCKER_BUILDKIT=0 docker build --network host -t \(ref):mine . && echo ' \(ref):mine ' > ref"
        #expect(try await make(Image(ref: ref, builder: .custom(custom))) == reference)
    }

    @Test func whatIsNotPushedIsNamedByContentWhereTheNodeHasIt() async throws {
        let fixture = try BuildFixture(["Dockerfile": "FROM scratch\nCOPY a /a\n", "a": unique("a")])
        let ref = unique("devloop.test/kept")
        var custom = CustomBuild(
            command: Command(
                arguments: ["sh", "-c", "DOCKER_BUILDKIT=0 docker build -q --network host -t $EXPECTED_REF ."],
                directory: fixture.folder.path),
            deps: [fixture.folder("a"), fixture.folder("Dockerfile")])
        custom.disablePush = true
        // A tag that stays: without one of our own the second image would never run.
        custom.tag = "dev"
        let first = try await make(Image(ref: ref, builder: .custom(custom)))
        #expect(first.hasPrefix("\(ref):devloop-"))
        let id = try #require(await daemon.client().image("\(ref):dev")?.id)
        #expect(try await daemon.client().image(first)?.id == id)
        let delivered = notices.value.compactMap {
            if case .delivered(_, let way, let sent, _) = $0 { (way, sent) } else { nil }
        }
        #expect(delivered.map(\.0) == ["built there"] && delivered.map(\.1) == [0])
        // The same content is the same image, another is not.
        #expect(try await make(Image(ref: ref, builder: .custom(custom))) == first)
        try fixture.folder.write("a", unique("b"))
        #expect(try await make(Image(ref: ref, builder: .custom(custom))) != first)

        custom.command.arguments[2] = "true"
        custom.tag = "missing"
        let missing = custom
        let error = await #expect(throws: DevloopError.self) {
            try await make(Image(ref: ref, builder: .custom(missing)))
        }
        #expect(
            error?.message.contains("left no image '\(ref):missing' on the node") == true, "\(error?.message ?? "")")

        // Another node knows it only by the name that the command has pushed.
        let registry = DefaultRegistry(host: "localhost:5000", hostFromCluster: "registry:5000")
        custom.tag = ""
        let pushed = try await make(
            Image(ref: "shop/web", builder: .custom(custom)), with: Self.maker(nil, registry: registry))
        #expect(pushed.hasPrefix("registry:5000/shop_web:devloop-"))
        custom.outputsImageRefTo = fixture.folder("ref")
        custom.command.arguments[2] = "echo localhost:5000/shop_web:mine > ref"
        let named = try await make(
            Image(ref: "shop/web", builder: .custom(custom)), with: Self.maker(nil, registry: registry))
        #expect(named == "registry:5000/shop_web:mine")
    }

    @Test func theVariablesOfACommandAreTilts() async throws {
        let fixture = try BuildFixture(["a": "a"])
        let script = "echo \"$EXPECTED_REF $EXPECTED_REGISTRY $EXPECTED_IMAGE $EXPECTED_TAG\""
        func told(_ ref: String, tag: String = "", registry: DefaultRegistry? = nil) async throws -> (String, String) {
            var custom = CustomBuild(
                command: Command(arguments: ["sh", "-c", script], directory: fixture.folder.path),
                deps: [fixture.folder("a")])
            custom.tag = tag
            custom.skipsLocalDocker = true
            notices.change { $0 = [] }
            let reference = try await make(
                Image(ref: ref, builder: .custom(custom)), with: Self.maker(nil, registry: registry))
            return (reference, lines.first ?? "")
        }
        let plain = try await told("shop/web", tag: "v1")
        #expect(plain == ("shop/web:v1", "shop/web:v1  shop/web v1"))
        let hosted = try await told("gcr.test/shop/web", tag: "v1")
        #expect(hosted.1 == "gcr.test/shop/web:v1 gcr.test shop/web v1")
        let registry = DefaultRegistry(host: "localhost:5000/team", hostFromCluster: "registry:5000/team")
        let pushed = try await told("shop/web", registry: registry)
        let tag = pushed.0.split(separator: ":").last ?? ""
        #expect(pushed.0 == "registry:5000/team/shop_web:\(tag)")
        #expect(pushed.1 == "localhost:5000/team/shop_web:\(tag) localhost:5000 team/shop_web \(tag)")
        // A tag of the command's own comes without the registry.
        #expect(try await told("shop/web", tag: "v1", registry: registry).0 == "shop/web:v1")
        // What is ignored changes no tag; what is not does.
        #expect(try await told("shop/web", registry: registry).0 == pushed.0)
        try fixture.folder.write("a", "b")
        #expect(try await told("shop/web", registry: registry).0 != pushed.0)
    }

    struct Fault: Sendable {
        var script: String
        var output: String?
        var words: String
    }

    static let faults = [
        Fault(script: "exit 7", words: "ended with exit code 7"),
        Fault(script: "true", words: "left no image"),
        Fault(script: "true", output: "missing", words: "did not write"),
        Fault(script: "echo ' -not an image' > wrong", output: "wrong", words: "holds '-not'"),
        Fault(script: "echo 'UPPER case' > wrong", output: "wrong", words: "no image reference"),
        Fault(script: ": > empty", output: "empty", words: "holds ''"),
    ]

    @Test(arguments: faults) func aCommandThatMakesNoImageIsToldAtItsPlace(_ fault: Fault) async throws {
        let fixture = try BuildFixture(["a": "a"])
        var custom = CustomBuild(
            command: Command(arguments: ["sh", "-c", fault.script], directory: fixture.folder.path),
            deps: [fixture.folder("a")])
        custom.outputsImageRefTo = fault.output.map { fixture.folder($0) }
        var image = Image(ref: "devloop.test/fault", builder: .custom(custom))
        image.location = SourceLocation(file: "Devloopfile", line: 3)
        let wrong = image
        let error = await #expect(throws: DevloopError.self) { try await make(wrong) }
        #expect(error?.code == .image)
        #expect(error?.message.contains(fault.words) == true, "\(error?.message ?? "")")
        #expect(error?.location?.line == 3)
        #expect(error?.hint != nil)
    }

    @Test func aFailedInstructionIsToldInTheDockerfile() async throws {
        let fixture = try BuildFixture(["Dockerfile": "FROM scratch\n\nCOPY missing /x\n"])
        let image = try docker("devloop.test/wrong", fixture)
        let error = await #expect(throws: DevloopError.self) { try await make(image) }
        #expect(error?.location?.file == fixture.folder("Dockerfile"))
        #expect(error?.location?.line == 3)
        #expect(error?.message.hasPrefix("devloop.test/wrong: ") == true)
    }

    @Test func aSecondTaskWaitsForTheFirst() async throws {
        let turns = BuiltImages()
        let inside = Protected(0)
        let most = Protected(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await turns.turn(of: "a") {
                        inside.change { $0 += 1 }
                        let now = inside.value
                        most.change { $0 = max($0, now) }
                        await Task.yield()
                        inside.change { $0 -= 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(most.value == 1)
        // One that waits can be cancelled, and does not hold up the others.
        try await turns.turn(of: "a") {
            let waiter = Task { try await turns.turn(of: "a") {} }
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
            try await turns.turn(of: "b") {}
        }
        try await turns.turn(of: "a") {}
    }
}
