// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import ImagePack
import ProcessRunner

/// Images of a few bytes, made of files that exist on every system.
struct ImageFixture {
    let folder: TemporaryDirectory
    let cache = LayerDigestCache(path: nil)

    init() throws { folder = try TemporaryDirectory("image") }

    /// Layers `base` (kept between versions) and `program`.
    func image(ref: String, base: String, program: String) throws -> PackedImage {
        let layers = [
            try Layer(
                name: "base", files: [LayerFile(path: "base.txt", content: .bytes(Array(base.utf8)), mode: 0o644)],
                cache: cache),
            try Layer(
                name: "program",
                files: [LayerFile(path: "app/program", content: .bytes(Array(program.utf8)), mode: 0o755)],
                cache: cache),
        ]
        return PackedImage(
            ref: ref, layers: layers,
            configuration: ImageConfiguration(
                entrypoint: ["/app/program"], arguments: [], environment: ["B": "2", "A": "1"], directory: "/app",
                architecture: Self.architecture))
    }

    static var architecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }
}

/// Runs a program with bytes on its standard input; its output.
/// - Throws: what it said, when it fails.
@discardableResult
func pipe(_ source: ByteSource, into arguments: [String]) async throws -> String {
    let result = try await ProcessRunner.run(
        ProcessCommand(
            arguments, environment: .inherit(adding: ["LC_ALL": "C", "TZ": "UTC"]), stdin: .stream(source.stream)))
    guard result.status.isSuccess else {
        throw DevloopError(.process, "\(arguments.joined(separator: " ")): \(result.status): \(result.errorText)")
    }
    return result.outputText
}

/// Text that no other run has.
func unique(_ word: String) -> String { "\(word)-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))" }
