// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Plan
import Testing

@testable import ContainerEngine

/// What engines tell while they work, and what goes to them beside the context.
struct ProgressTests {
    struct Case: Sendable {
        var input: String
        var lines: [String] = []
        var id: String?
        var failure: String?
    }

    static let cases = [
        Case(input: ""),
        Case(input: "{\"stream\":\"Step 1/2 : FROM x\"}\r\n{\"stream\":\"\\n\"}\r\n", lines: ["Step 1/2 : FROM x"]),
        Case(
            input: "{\"stream\":\"a\\nb\"}\n{\"stream\":\"c\\n\"}\n{\"stream\":\"open\"}", lines: ["a", "bc", "open"]),
        Case(
            input: "{\"aux\":{\"ID\":\"sha256:ab\"}}\n{\"stream\":\"Successfully built cd\\n\"}\n",
            lines: ["Successfully built cd"], id: "sha256:ab"),
        Case(input: "{\"stream\":\"Successfully built 0a1b\\n\"}\n", lines: ["Successfully built 0a1b"], id: "0a1b"),
        Case(input: "{\"errorDetail\":{\"message\":\"m\"},\"error\":\"m\"}\n", failure: "m"),
        Case(input: "{\"errorDetail\":{\"message\":\"only here\"}}\n", failure: "only here"),
        // A progress bar is one line.
        Case(
            input:
                "{\"status\":\"Downloading\",\"id\":\"l1\",\"progress\":\"1\"}\n{\"status\":\"Downloading\",\"id\":\"l1\"}\n"
                + "{\"status\":\"Done\",\"id\":\"l1\"}\n{\"status\":\"Pulled\"}\n",
            lines: ["l1: Downloading", "l1: Done", "Pulled"]),
        Case(input: "{\"other\":1}\n\n  \n"),
    ]

    @Test(arguments: cases) func progressIsRead(_ test: Case) throws {
        // However the bytes are cut.
        for size in [1, 7, 10_000] {
            var progress = EngineProgress()
            let bytes = Array(test.input.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                try progress.add(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            try progress.finish()
            #expect(progress.takeLines() == test.lines)
            #expect(progress.imageID == test.id)
            #expect(progress.failure == test.failure)
        }
    }

    @Test(arguments: ["garbage\n", "[1]\n", "{\"stream\":\n", "<html>\n"]) func garbageIsAnError(_ text: String) {
        var progress = EngineProgress()
        let error = #expect(throws: DevloopError.self) { try progress.add(Array(text.utf8)) }
        #expect(error?.code == .protocolViolation)
    }

    @Test func credentialsComeFromDockersSettings() async throws {
        let folder = try TemporaryDirectory("logins")
        let auth = Base64.encode(Array("me:pass:word".utf8))
        try folder.write(
            "config.json",
            """
            {"auths": {"registry.test:5000": {"auth": "\(auth)"}, "https://index.docker.io/v1/": {"auth": "\(auth)"},
            "broken.test": {"auth": "%%%"}}}
            """)
        let logins = RegistryLogins(["DOCKER_CONFIG": folder.path])
        func decode(_ references: [String]) async throws -> JSONValue? {
            guard let header = try await logins.header(for: references) else { return nil }
            #expect(!header.contains("+") && !header.contains("/"))
            let plain = header.replacing("-", with: "+").replacing("_", with: "/")
            return try JSONValue(parsing: try #require(Base64.decode(plain)))
        }
        let both = try await decode(["registry.test:5000/a:1", "redis"])
        #expect(both?["registry.test:5000"]?["password"] == "pass:word")
        #expect(both?["https://index.docker.io/v1/"]?["username"] == "me")
        #expect(try await decode(["other.test/a", "broken.test/x"]) == nil)
        #expect(try await decode([]) == nil)
    }
}
