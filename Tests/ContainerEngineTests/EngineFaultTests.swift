// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import DevloopTestSupport
import Plan
import ProcessRunner
import Testing

/// Engines that are not there, break off, or are none.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct EngineFaultTests {
    @Test func anEngineThatIsNotThereIsNamedWithItsSource() async throws {
        let folder = try TemporaryDirectory("none")
        let endpoint = try EngineEndpoint.resolve(["DOCKER_HOST": "unix://\(folder.path)/docker.sock"])
        let error = await #expect(throws: DevloopError.self) { try await EngineClient(endpoint).connect() }
        #expect(error?.code == .image)
        #expect(error?.message.contains("does not answer") == true)
        #expect(error?.message.contains(folder.path) == true)
        #expect(error?.hint?.contains("DOCKER_HOST") == true)
    }

    @Test func withoutAnyBuilderItIsSaidWhatToInstall() async throws {
        let folder = try TemporaryDirectory("none")
        let environment = ["DOCKER_HOST": "unix://\(folder.path)/docker.sock", "PATH": folder.path]
        let error = await #expect(throws: DevloopError.self) {
            try await BuilderChoice.choose(session: "", environment: environment)
        }
        #expect(error?.message.contains("does not answer") == true)
        #expect(error?.hint?.contains("install buildah") == true)
        let session = await #expect(throws: DevloopError.self) {
            try await BuilderChoice.choose(session: "secret", environment: environment)
        }
        #expect(session?.message.hasPrefix("secret of docker_build needs buildah") == true)
    }

    /// What a socket answers that is no engine's.
    static let answers = [
        "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"ApiVersion\":\"soon\"}",
        "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n{}", "",
    ]

    @Test(arguments: answers) func aSocketThatIsNoEngineIsAnError(_ answer: String) async throws {
        let folder = try TemporaryDirectory("garbage")
        try folder.write("answer", answer)
        let socket = folder("docker.sock")
        let server = Task {
            try await ProcessRunner.run(
                ProcessCommand(["socat", "UNIX-LISTEN:\(socket),fork", "SYSTEM:cat \(folder("answer"))"]))
        }
        #expect(await poll { TestFiles.exists(socket) })
        let error = await #expect(throws: DevloopError.self) {
            try await EngineClient(EngineEndpoint(.unix(socket), source: "the test")).connect()
        }
        #expect(error?.message.contains(socket) == true, "\(error?.message ?? "")")
        server.cancel()
        _ = try? await server.value
    }

    @Test func engineVersionsThatAreFarApartAreToldOf() async throws {
        let folder = try TemporaryDirectory("version")
        let socket = folder("docker.sock")
        for (json, word) in [
            (#"{"ApiVersion":"1.90","MinAPIVersion":"1.80"}"#, "new"), (#"{"ApiVersion":"1.12"}"#, "old"),
        ] {
            try folder.write("answer", "HTTP/1.1 200 OK\r\nContent-Length: \(json.utf8.count)\r\n\r\n\(json)")
            let server = Task {
                try await ProcessRunner.run(
                    ProcessCommand([
                        "socat", "UNIX-LISTEN:\(socket),fork,unlink-early", "SYSTEM:cat \(folder("answer"))",
                    ]))
            }
            let isThere = await poll {
                let error = await #expect(throws: DevloopError.self) {
                    try await EngineClient(EngineEndpoint(.unix(socket), source: "the test")).connect()
                }
                return error?.hint?.contains("not as \(word)") == true
            }
            #expect(isThere, "\(word)")
            server.cancel()
            _ = try? await server.value
        }
    }

    @Test func anEngineThatIsKilledMidBuildIsToldAndANewOneIsUsed() async throws {
        let daemon = try await EngineDaemon.start()
        let fixture = try BuildFixture(
            ["Dockerfile": "FROM scratch\nCOPY bin/busybox /busybox\nRUN [\"/busybox\", \"sleep\", \"4712\"]\n"],
            busybox: true)
        let builder = try daemon.builder()
        let request = try fixture.request()
        let task = Task { try await fixture.build(request, with: builder) }
        #expect(await poll(deadline: .seconds(20)) { !LiveProcesses.matching("\0sleep\04712").isEmpty })
        try daemon.kill()
        let error = await #expect(throws: DevloopError.self) { try await task.value }
        #expect(error?.code == .image)
        #expect(
            error?.message.contains("broke off") == true || error?.message.contains("without an image") == true,
            "\(error?.message ?? "")")
        #expect(error?.hint?.contains("log") == true)
        await daemon.stop()
        // The container lives on with its shim, as it does for users.
        for pid in LiveProcesses.matching("\0sleep\04712") { _ = TestProgram.run(["kill", "-9", "\(pid)"]) }
    }
}
