// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Packs a built Swift program into an image without a daemon (design D8). Layers from what changes least to what
/// changes most: runtime libraries, agent, resources, executable.
package struct SwiftImagePacker: Sendable {
    /// What goes into the image.
    package struct Contents: Sendable {
        package var ref: String
        /// Product name; the program is `/app/<product>`.
        package var product: String
        /// The stripped executable on this machine.
        package var executable: String
        package var arguments: [String]
        package var environment: [String: String]
        /// Files or directories of this machine and their absolute paths in the image.
        package var resources: [(source: String, destination: String)]
        /// The agent to put in, for `up`; nil for images that run without it.
        package var agent: String?

        package init(
            ref: String, product: String, executable: String, arguments: [String], environment: [String: String],
            resources: [(source: String, destination: String)], agent: String?
        ) {
            self.ref = ref
            self.product = product
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.resources = resources
            self.agent = agent
        }
    }

    private let cache: LayerDigestCache
    /// `amd64` or `arm64`.
    private let architecture: String

    package init(cache: LayerDigestCache, architecture: String) {
        self.cache = cache
        self.architecture = architecture
    }

    package func pack(_ contents: Contents) async throws -> PackedImage {
        var layers = [try await runtime(contents)]
        if let agent = contents.agent {
            layers.append(
                try Layer(
                    name: "agent", files: [try .file(agent, at: "devloop/agent", mode: 0o755)], cache: cache))
        }
        var resources: [LayerFile] = []
        for (source, destination) in contents.resources { resources += try LayerFile.tree(source, at: destination) }
        if !resources.isEmpty { layers.append(try Layer(name: "resources", files: resources, cache: cache)) }
        layers.append(
            try Layer(
                name: "executable",
                files: [try .file(contents.executable, at: "app/\(contents.product)", mode: 0o755)], cache: cache))
        var environment = contents.environment
        environment["LD_LIBRARY_PATH"] = environment["LD_LIBRARY_PATH"] ?? "/app/lib"
        environment["PATH"] = environment["PATH"] ?? "/app:/usr/local/bin:/usr/bin:/bin"
        return PackedImage(
            ref: contents.ref, layers: layers,
            configuration: ImageConfiguration(
                entrypoint: ["/app/\(contents.product)"], arguments: contents.arguments, environment: environment,
                directory: "/app", architecture: architecture))
    }

    /// The libraries and the loader, and the directories that programs expect of any system.
    private func runtime(_ contents: Contents) async throws -> Layer {
        let found = try await SharedLibraries.of(contents.executable)
        var files = [LayerFile(path: "tmp", content: .directory, mode: 0o1777)]
        for library in found.libraries {
            files.append(try .file(library.path, at: "app/lib/\(library.name)", mode: 0o755))
        }
        if let loader = found.loader { files.append(try .file(loader, at: loader, mode: 0o755)) }
        return try Layer(name: "runtime", files: files, cache: cache)
    }
}
