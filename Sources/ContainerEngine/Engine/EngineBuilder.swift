// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import ImagePack
import Plan
import Synchronization

/// Builds with a Docker Engine through its API.
package struct EngineBuilder: ImageBuilder {
    package let client: EngineClient
    private let environment: [String: String]

    package init(_ client: EngineClient, environment: [String: String]) {
        self.client = client
        self.environment = environment
    }

    package var name: String { client.name }
    package var store: String { client.endpoint.url }

    package func build(
        _ request: BuildRequest, context: BuildContext, onLine: @escaping @Sendable (String) -> Void
    ) async throws -> String {
        guard !request.needsSession else {
            throw DevloopError(
                .image,
                "\(request.sessionParameters) of docker_build needs a BuildKit session, which \(name) gets none of",
                hint: "install buildah, which devloop then uses for this image")
        }
        let file = Dockerfile(request.dockerfile.text, arguments: request.arguments)
        let registries = try await RegistryLogins(environment).header(for: file.images)
        let steps = Mutex(StepTrace(file, counts: .wholeFile))
        do {
            return try await client.build(request, context: context, registries: registries) { line in
                steps.withLock { $0.note(line) }
                onLine(line)
            }
        } catch let error as DevloopError {
            throw steps.withLock { $0.place(error) }
        }
    }

    package func image(_ name: String) async throws -> String? { try await client.image(name)?.id }

    package func configuration(_ image: String) async throws -> JSONValue? {
        try await client.configuration(image)
    }

    package func export(_ image: String, name: String, to path: String) async throws {
        try await client.export(image, to: path)
    }

    package func load(_ image: PackedImage, folder: String) async throws -> String {
        if try await client.image(image.reference) == nil { try await client.load(try ImageArchive.make(image)) }
        return image.reference
    }
}
