// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopCore
import Glibc
import ImagePack

/// Writes an image of programs that this machine has, as an archive that container runtimes load.
@main
struct Pack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devloop-pack", abstract: "Pack programs of this machine into an image archive",
        discussion: """
            Each program comes with the shared libraries that it needs, at the places they have here. The archive is an \
            OCI layout that 'docker load' reads too. The same files give the same archive.
            """)

    @Argument(help: "Name and tag of the image: postgres:15")
    var reference: String

    @Option(help: "File to write; - is standard output")
    var output: String

    @Option(parsing: .upToNextOption, help: "Absolute paths of programs, and of modules that they load")
    var program: [String] = []

    @Option(parsing: .upToNextOption, help: "SOURCE or SOURCE=PLACE: files and folders")
    var file: [String] = []

    @Option(parsing: .upToNextOption, help: "PLACE=TARGET: symbolic links")
    var link: [String] = []

    @Option(parsing: .upToNextOption, help: "PLACE=LINE: files of one line")
    var line: [String] = []

    @Option(parsing: .upToNextOption, help: "NAME=VALUE: environment of what runs")
    var env: [String] = []

    @Option(help: "Whom it runs as: user or user:group, as numbers")
    var user: String

    @Option(parsing: .remaining, help: "What runs, to the end of the command line")
    var entrypoint: [String] = []

    func validate() throws {
        guard Self.name(of: reference) != nil else { throw ValidationError("'\(reference)' has no tag") }
        for path in program where !path.hasPrefix("/") { throw ValidationError("'\(path)' is no absolute path") }
        for pair in link + line + env where Self.pair(pair).value == nil {
            throw ValidationError("'\(pair)' has no '='")
        }
    }

    func run() async throws {
        do {
            let image = try await image()
            try write(try ImageArchive.make(image, as: reference))
            say("\(reference): \(image.size / 1_000_000) MB")
        } catch let error as DevloopError {
            say(error.report)
            throw ExitCode(1)
        }
    }

    private func image() async throws -> PackedImage {
        var configuration = ImageConfiguration(
            entrypoint: entrypoint, arguments: [],
            environment: Dictionary(env.map { (Self.pair($0).name, Self.pair($0).value ?? "") }) { $1 },
            directory: "/", architecture: try Self.architecture())
        configuration.user = user
        var image = MachineImage(configuration: configuration)
        image.programs = program
        image.files = file.map { (Self.pair($0).name, Self.pair($0).value ?? Self.pair($0).name) }
        image.links = link.map { (Self.pair($0).name, Self.pair($0).value ?? "") }
        image.texts = line.map { (Self.pair($0).name, (Self.pair($0).value ?? "") + "\n") }
        return try await image.pack(
            as: Self.name(of: reference) ?? reference, cache: LayerDigestCache(path: nil))
    }

    /// The text before and after the first `=`.
    private static func pair(_ text: String) -> (name: String, value: String?) {
        guard let sign = text.firstIndex(of: "=") else { return (text, nil) }
        return (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }

    /// The name without its tag; nil when there is none.
    private static func name(of reference: String) -> String? {
        guard let colon = reference.lastIndex(of: ":"), colon != reference.startIndex else { return nil }
        let tag = reference[reference.index(after: colon)...]
        return tag.isEmpty || tag.contains("/") ? nil : String(reference[..<colon])
    }

    /// As images name the machine that runs this.
    private static func architecture() throws -> String {
        var facts = utsname()
        uname(&facts)
        let machine = withUnsafeBytes(of: facts.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        switch machine {
        case "x86_64": return "amd64"
        case "aarch64": return "arm64"
        default: throw DevloopError(.image, "images for a machine of the kind '\(machine)' are not known")
        }
    }

    private func write(_ archive: ByteSource) throws {
        let descriptor = output == "-" ? STDOUT_FILENO : open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure() }
        let reader = ByteSourceReader(archive)
        while let piece = try reader.next() {
            var offset = 0
            while offset < piece.count {
                let count = piece.withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), piece.count - offset)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw failure() }
                offset += count
            }
        }
        // Some file systems tell of a full disk only now.
        guard close(descriptor) == 0 else { throw failure() }
    }

    private func failure() -> DevloopError {
        DevloopError(.file, "\(output) cannot be written: \(String(cString: strerror(errno)))")
    }

    private func say(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
