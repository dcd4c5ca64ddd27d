// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import ImagePack

/// A program that builds images from Dockerfiles and keeps them: a Docker Engine, buildah or podman.
package protocol ImageBuilder: Sendable {
    /// As messages name it: `the Docker Engine at unix:///var/run/docker.sock`.
    var name: String { get }
    /// What an image can be built on must be in the same store.
    var store: String { get }

    /// - Parameter onLine: what the build writes, line by line.
    /// - Returns: the id of the image.
    /// - Throws: `DevloopError` with code image; ``BuildFailure`` as its cause says where the Dockerfile failed.
    func build(
        _ request: BuildRequest, context: BuildContext, onLine: @escaping @Sendable (String) -> Void
    ) async throws -> String
    /// The id of an image by name; nil when there is none.
    func image(_ name: String) async throws -> String?
    /// The `config` of an image (image-spec v1.1, config.md): what it runs and how; nil when there is none of that name.
    func configuration(_ image: String) async throws -> JSONValue?
    /// Writes an image as an archive of `docker save`'s form.
    /// - Parameter name: reference that it has in the archive.
    func export(_ image: String, name: String, to path: String) async throws
    /// Takes in an image archive, so that others can be built on it.
    /// - Returns: a name for it that a Dockerfile can use.
    func load(_ image: PackedImage, folder: String) async throws -> String
}

/// Where in a Dockerfile a build failed.
package struct BuildFailure: Error, Sendable, Equatable {
    /// 1-based line; nil when it is not known.
    package var line: Int?
}

/// Chooses the builder of this machine.
package enum BuilderChoice {
    /// A Docker Engine that answers, else buildah, else podman. Builds that need a BuildKit session (`secret`, `ssh`) go
    /// to buildah or podman, which take them on their command line.
    /// - Parameter session: names of such parameters; empty when there are none.
    /// - Throws: `DevloopError` with code image, saying what was looked for and what to install.
    package static func choose(
        session: String, environment: [String: String]
    ) async throws -> any ImageBuilder {
        var reason = ""
        if session.isEmpty {
            do {
                return try await engine(environment)
            } catch let error as DevloopError {
                reason = error.message
            }
        }
        for program in ["buildah", "podman"] where ToolBuilder.isInstalled(program, environment) {
            return ToolBuilder(program: program, environment: environment)
        }
        guard session.isEmpty else {
            throw DevloopError(
                .image, "\(session) of docker_build needs buildah or podman, and neither is installed",
                hint: "install buildah; the classic builder of a Docker Engine has no \(session)")
        }
        throw DevloopError(
            .image, "nothing here builds images from a Dockerfile: \(reason); buildah and podman are not installed",
            hint: "start the Docker Engine, set DOCKER_HOST, or install buildah")
    }

    /// The engine that the environment names, if it answers.
    package static func engine(_ environment: [String: String]) async throws -> EngineBuilder {
        let client = try EngineClient(try EngineEndpoint.resolve(environment))
        try await client.connect()
        return EngineBuilder(client, environment: environment)
    }
}
