// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import ImageDelivery
import ImagePack
import LoopEngine
import Plan
import Registry

/// What live updates of images need that devloop did not pack.
extension ImageMaker {
    /// Brings the image with the agent to the node, unless it is there.
    /// - Returns: its reference, for manifests.
    /// - Throws: `DevloopError` with code image.
    func agentImage() async throws -> String {
        let image = try AgentImage.pack(try HostPaths.agent(), architecture: architecture, cache: cache)
        return try await built.turn(of: AgentImage.ref) { try await way().deliver(image).reference }
    }

    /// What an image runs by itself: from its configuration, where that lies.
    func program(of image: Image) async -> ImageProgram {
        guard let made = await built[image.ref] else {
            return ImageProgram(entrypoint: nil, problem: "\(image.ref) was not made in this session")
        }
        do {
            if let packed = made.packed { return Self.program(try JSONValue(parsing: packed.configuration)["config"]) }
            return Self.program(try await configuration(of: made.localName))
        } catch {
            let words = (error as? DevloopError)?.message ?? "\(error)"
            return ImageProgram(
                entrypoint: nil,
                problem: "what it runs is not known (\(words)); a command in the manifest, or entrypoint= in the spec,"
                    + " would tell")
        }
    }

    private static func program(_ config: JSONValue?) -> ImageProgram {
        func words(_ key: String) -> [String] { (config?[key]?.array ?? []).compactMap(\.string) }
        return ImageProgram(entrypoint: words("Entrypoint"), arguments: words("Cmd"))
    }

    /// The `config` of an image that went its own way: asked of those that may have it, a registry at last.
    /// - Throws: `DevloopError` with code image when none of them tells.
    private func configuration(of reference: String) async throws -> JSONValue {
        for store in await stores() {
            if let config = try await store.configuration(reference) { return config }
        }
        guard let name = ImageName(reference) else {
            throw DevloopError(.image, "'\(reference)' is no image reference")
        }
        let client = try RegistryClients()[RegistryHost(name.registry)]
        return try await client.configuration(
            name, platform: ImagePlatform(architecture: architecture.isEmpty ? HostTools.architecture : architecture))
    }
}
