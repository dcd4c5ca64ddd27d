// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ImagePack
import Testing

/// The image that brings the agent into other people's Pods.
@Suite(.timeLimit(.minutes(1)))
struct AgentImageTests {
    @Test func itHoldsTheProgramAloneAndRunsAsNobody() throws {
        let folder = try TemporaryDirectory("agent")
        try folder.write("agent", "program")
        let cache = LayerDigestCache(path: nil)
        let image = try AgentImage.pack(folder("agent"), architecture: "arm64", cache: cache)
        let config = try JSONValue(parsing: image.configuration)
        #expect(config["architecture"] == "arm64")
        #expect(config.at("config", "User") == "65532:65532")
        #expect(config.at("config", "Entrypoint") == ["/devloop/agent"])
        #expect(image.layers.map(\.name) == ["agent"])
        #expect(image.reference.hasPrefix("devloop/agent:devloop-"))
        // The same program is the same image, another one is another.
        #expect(try AgentImage.pack(folder("agent"), architecture: "arm64", cache: cache).tag == image.tag)
        try folder.write("agent", "another program")
        #expect(try AgentImage.pack(folder("agent"), architecture: "arm64", cache: cache).tag != image.tag)
    }
}
