// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Packs a built Swift program into an image without a daemon (design D8). Layers from what changes least to what
/// changes most: those of the base, runtime libraries, agent, libraries of the build, resources, executable.
package struct SwiftImagePacker: Sendable {
    /// What goes into the image.
    package struct Contents: Sendable {
        package var ref: String
        /// Product name; the program is `/app/<product>`.
        package var product: String
        /// The stripped executable on this machine.
        package var executable: String
        /// The same program as it was linked, whose section table tells which bytes differ between equal builds; nil
        /// when the packed file has one itself.
        package var original: String?
        package var arguments: [String]
        package var environment: [String: String]
        /// Files or directories of this machine and their absolute paths in the image.
        package var resources: [(source: String, destination: String)]
        /// Libraries that the build itself made, as `/app/lib/<fileName>`; each its own layer.
        package var libraries: [Library] = []
        /// The program that writes backtraces when the packed one crashes, as `/app/lib/swift-backtrace`.
        package var backtracer: String?
        /// The agent to put in, for `up`; nil for images that run without it.
        package var agent: String?
        /// What the image stands on; nil for nothing.
        package var base: BaseImage?
        /// Empty keeps that of the base, root without one; see ``ImageConfiguration/user``.
        package var user = ""
        /// Empty takes that of the base, `/app` without one.
        package var directory = ""
        package var ports: [String] = []
        package var labels: [String: String] = [:]

        /// One that the build itself has linked.
        package struct Library: Sendable {
            package var layerName: String
            package var fileName: String
            package var path: String
            /// As ``Contents/original``.
            package var original: String?

            package init(layerName: String, fileName: String, path: String, original: String? = nil) {
                self.layerName = layerName
                self.fileName = fileName
                self.path = path
                self.original = original
            }
        }

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

    private static let backtracer = "swift-backtrace"
    /// Settings of Swift's runtime (swift, docs/Backtracing.rst): addresses alone, since shipped programs have no symbols;
    /// devloop knows the names, and takes this form for them.
    private static let backtraces =
        "enable=yes,symbolicate=off,interactive=no,color=no,threads=crashed,registers=none,images=mentioned,"
        + "swift-backtrace=\(home)/lib/\(backtracer)"
    /// Where the program is.
    private static let home = "/app"
    private let cache: LayerDigestCache
    private let baseLibraries: BaseLibraryCache
    /// `amd64` or `arm64`.
    package let architecture: String

    /// - Parameter baseLibraries: remembers what libraries base images have.
    package init(
        cache: LayerDigestCache, baseLibraries: BaseLibraryCache = BaseLibraryCache(folder: nil), architecture: String
    ) {
        self.cache = cache
        self.baseLibraries = baseLibraries
        self.architecture = architecture
    }

    /// - Throws: `DevloopError` with code image: a file that cannot be read, a base on which the program cannot run.
    package func pack(_ contents: Contents) async throws -> PackedImage {
        if let base = contents.base, let other = base.architecture, other != architecture {
            throw DevloopError(
                .image, "the base \(base.reference) is for \(other), the node is \(architecture)",
                hint: "choose a base that is made for \(architecture)")
        }
        let plan = try LayerPlan(contents, home: Self.home)
        var layers: [Layer] = []
        func add(_ name: String, _ files: [LayerFile]) throws {
            guard !files.isEmpty else { return }
            layers.append(try Layer(name: name, files: plan.complete(files), cache: cache, owned: plan.isOwned))
        }
        try add("runtime", try await runtime(contents))
        if let agent = contents.agent { try add("agent", [try .file(agent, at: "devloop/agent", mode: 0o755)]) }
        if let path = contents.backtracer {
            try add("backtracer", [try .file(path, at: "app/lib/\(Self.backtracer)", mode: 0o755)])
        }
        for library in contents.libraries {
            var file = try LayerFile.file(library.path, at: "app/lib/\(library.fileName)", mode: 0o755)
            file.volatile = ExecutableIdentity.volatileRanges(of: library.path, linked: library.original)
            try add(library.layerName, [file])
        }
        var resources: [LayerFile] = []
        for (source, destination) in contents.resources { resources += try LayerFile.tree(source, at: destination) }
        try add("resources", resources)
        var program = try LayerFile.file(contents.executable, at: "app/\(contents.product)", mode: 0o755)
        program.volatile = ExecutableIdentity.volatileRanges(of: contents.executable, linked: contents.original)
        try add("executable", [program] + plan.directories)
        return PackedImage(
            ref: contents.ref, layers: layers, configuration: configuration(contents, plan), base: contents.base)
    }

    private func configuration(_ contents: Contents, _ plan: LayerPlan) -> ImageConfiguration {
        var environment = contents.environment
        let path = contents.base?.variable("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
        environment["PATH"] = environment["PATH"] ?? "\(Self.home):\(path)"
        if contents.backtracer != nil {
            environment["SWIFT_BACKTRACE"] = environment["SWIFT_BACKTRACE"] ?? Self.backtraces
        }
        let libraries = contents.base?.variable("LD_LIBRARY_PATH").map { ":\($0)" } ?? ""
        environment["LD_LIBRARY_PATH"] = environment["LD_LIBRARY_PATH"] ?? "\(Self.home)/lib\(libraries)"
        var configuration = ImageConfiguration(
            entrypoint: ["\(Self.home)/\(contents.product)"], arguments: contents.arguments, environment: environment,
            directory: plan.directory, architecture: architecture)
        configuration.user = contents.user
        configuration.ports = contents.ports
        configuration.labels = contents.labels
        configuration.base = contents.base?.configuration ?? .null
        return configuration
    }

    /// The libraries that are not in the base, and without one the loader and the directories that programs expect of
    /// any system.
    private func runtime(_ contents: Contents) async throws -> [LayerFile] {
        let made = Set(contents.libraries.map(\.fileName))
        var found = try await SharedLibraries.of(
            contents.executable, searching: contents.libraries.map { ($0.fileName, $0.path) })
        found.libraries.removeAll { made.contains($0.name) }
        var files: [LayerFile] = []
        if let base = contents.base {
            let present = try baseLibraries.libraries(of: base)
            let own = [contents.executable] + contents.libraries.map(\.path)
            found = try RuntimeChoice(found, programs: own, base: base.reference, has: present).libraries()
        } else {
            files.append(LayerFile(path: "tmp", content: .directory, mode: 0o1777))
        }
        for library in found.libraries {
            files.append(try .file(library.path, at: "app/lib/\(library.name)", mode: 0o755))
        }
        if let loader = found.loader { files.append(try .file(loader, at: loader, mode: 0o755)) }
        return files
    }
}
