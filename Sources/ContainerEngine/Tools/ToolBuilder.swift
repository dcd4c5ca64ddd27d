// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc
package import ImagePack
import Plan
import ProcessRunner
import Synchronization

/// Builds with the command of buildah or podman, which take the same words for it.
package struct ToolBuilder: ImageBuilder {
    /// `buildah` or `podman`.
    package let program: String
    private let environment: [String: String]

    package init(program: String, environment: [String: String]) {
        self.program = program
        self.environment = environment
    }

    package static func isInstalled(_ program: String, _ environment: [String: String]) -> Bool {
        (try? ProgramSearch.resolve(program, path: environment["PATH"])) != nil
    }

    package var name: String { program }
    package var store: String { program }

    package func build(
        _ request: BuildRequest, context: BuildContext, onLine: @escaping @Sendable (String) -> Void
    ) async throws -> String {
        let folder = try ScratchFolder()
        let tree = "\(folder.path)/context"
        mkdir(tree, 0o755)
        try await context.unpack(into: tree)
        try folder.write("Dockerfile", Array(request.dockerfile.text.utf8))
        // The context is what it should be already; a file of that name in it must not take more away.
        try folder.write("ignore", [])
        let file = Dockerfile(request.dockerfile.text, arguments: request.arguments)
        let trace = Mutex((steps: StepTrace(file, counts: .stages), error: ""))
        let (words, variables) = arguments(request, folder: folder.path)
        let status = try await run(words + [tree], adding: variables) { _, line in
            trace.withLock { trace in
                trace.steps.note(line)
                if let message = Self.message(line) { trace.error = message }
            }
            onLine(line)
        }
        guard status.isSuccess else {
            let (steps, message) = trace.withLock { ($0.steps, $0.error) }
            throw steps.place(
                DevloopError(.image, message.isEmpty ? "\(program) ended the build with \(status)" : message))
        }
        let id = String(decoding: try folder.read("id"), as: UTF8.self)
        return String(id.prefix { !$0.isWhitespace })
    }

    package func image(_ name: String) async throws -> String? {
        let words =
            program == "buildah"
            ? ["inspect", "--type", "image", "--format", "{{.FromImageID}}", name]
            : ["image", "inspect", "--format", "{{.Id}}", name]
        let result = try await ProcessRunner.run(command(words))
        guard result.status.isSuccess else { return nil }
        let id = result.outputText.prefix { !$0.isWhitespace }
        return id.isEmpty ? nil : String(id)
    }

    package func configuration(_ image: String) async throws -> JSONValue? {
        let isBuildah = program == "buildah"
        let words = isBuildah ? ["inspect", "--type", "image", image] : ["image", "inspect", image]
        let result = try await ProcessRunner.run(command(words))
        guard result.status.isSuccess else { return nil }
        do {
            let json = try JSONValue(parsing: result.stdout)
            return isBuildah ? json.at("OCIv1", "config") : json[0]?["Config"]
        } catch {
            throw DevloopError(.image, "\(program) says of '\(image)' what is no JSON: \(error.message)")
        }
    }

    package func export(_ image: String, name: String, to path: String) async throws {
        // docker-archive keeps layers as they are; the tool refuses to add to a file that is there.
        unlink(path)
        let result = try await ProcessRunner.run(command(["push", image, "docker-archive:\(path):\(name)"]))
        guard result.status.isSuccess else {
            unlink(path)
            throw failure("cannot write '\(image)' to \(path)", result)
        }
    }

    package func load(_ image: PackedImage, folder: String) async throws -> String {
        let file = ExportFile(in: folder)
        let writer = try ExportFile.Writer(file.path, limit: .max)
        let reader = ByteSourceReader(try ImageArchive.make(image))
        while let piece = try reader.next() { try writer.write(piece) }
        writer.finish()
        let result = try await ProcessRunner.run(command(["pull", "docker-archive:\(file.path)"]))
        guard result.status.isSuccess else { throw failure("cannot take in \(image.reference)", result) }
        return image.reference
    }

    /// The words of the build, and variables that hold the values of build arguments, which would else be seen by all
    /// users of the machine.
    func arguments(_ request: BuildRequest, folder: String) -> (words: [String], variables: [String: String]) {
        var variables: [String: String] = [:]
        var words = ["build", "--layers", "--iidfile", "\(folder)/id", "--file", "\(folder)/Dockerfile"]
        // Times of building would make equal content differ (design D9).
        words += ["--timestamp", "0", "--ignorefile", "\(folder)/ignore"]
        for (key, value) in request.arguments.sorted(by: { $0.key < $1.key }) {
            if Self.isFree(key, environment) {
                variables[key] = value
                words += ["--build-arg", key]
            } else {
                words += ["--build-arg", "\(key)=\(value)"]
            }
        }
        if !request.target.isEmpty { words += ["--target", request.target] }
        if !request.platform.isEmpty { words += ["--platform", request.platform] }
        if !request.network.isEmpty { words += ["--network", request.network] }
        if request.pull { words += ["--pull=always"] }
        // These take no tag here.
        words += request.cacheFrom.compactMap(ImageName.init).flatMap { ["--cache-from", $0.repository] }
        words += request.extraHosts.flatMap { ["--add-host", $0] }
        words += request.secrets.flatMap { ["--secret", $0] }
        words += request.ssh.flatMap { ["--ssh", $0] }
        words += request.tags.flatMap { ["--tag", $0] }
        return (words, variables)
    }

    /// Whether a variable of that name changes nothing for the tool itself.
    private static func isFree(_ key: String, _ environment: [String: String]) -> Bool {
        let reserved = [
            "BUILDAH_", "STORAGE_", "CONTAINERS_", "CONTAINER_", "REGISTRY_", "XDG_", "LD_", "GO", "PODMAN_",
        ]
        return environment[key] == nil && !reserved.contains { key.hasPrefix($0) } && !key.contains("=")
            && !["TMPDIR", "HOME", "PATH"].contains(key)
    }

    private func command(_ words: [String], adding variables: [String: String] = [:]) -> ProcessCommand {
        ProcessCommand([program] + words, environment: .exact(environment.merging(variables) { $1 }))
    }

    private func run(
        _ words: [String], adding variables: [String: String],
        onLine: @escaping @Sendable (ProcessStream, String) -> Void
    ) async throws -> ProcessStatus {
        let splitters = Mutex([ProcessStream.stdout: LineSplitter(), .stderr: LineSplitter()])
        let status = try await ProcessRunner.stream(command(words, adding: variables)) { stream, bytes in
            let lines = splitters.withLock { $0[stream, default: LineSplitter()].add(bytes) }
            for line in lines { onLine(stream, String(decoding: line, as: UTF8.self)) }
        }
        for stream in [ProcessStream.stdout, .stderr] {
            if let rest = splitters.withLock({ $0[stream, default: LineSplitter()].finish() }) {
                onLine(stream, String(decoding: rest, as: UTF8.self))
            }
        }
        return status
    }

    /// What is wrong, out of a line that says so.
    private static func message(_ line: String) -> String? {
        guard line.hasPrefix("Error: ") || line.hasPrefix("error: ") else { return nil }
        return String(line.dropFirst(7))
    }

    private func failure(_ text: String, _ result: ProcessResult) -> DevloopError {
        let words = result.errorText.split(separator: "\n").last.map(String.init) ?? "\(result.status)"
        let isFull = result.errorText.contains("no space left")
        return DevloopError(
            .image, "\(program) \(text): \(Self.message(words) ?? words)",
            hint: isFull ? "make room: images pass through this folder on their way to the node" : nil)
    }
}
