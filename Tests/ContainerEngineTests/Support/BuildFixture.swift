// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import DevloopTestSupport
import Glibc
import ImagePack
import Plan
import ProcessRunner
import Synchronization

/// A value that several tasks change.
final class Protected<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>
    init(_ value: Value) { mutex = Mutex(value) }
    var value: Value { mutex.withLock { $0 } }
    func change(_ body: @Sendable (inout Value) -> Void) { mutex.withLock { body(&$0) } }
}

/// A folder with a Dockerfile and files for it, busybox among them.
struct BuildFixture {
    let folder: TemporaryDirectory
    let lines = Protected([String]())

    /// - Parameter busybox: whether `bin/busybox` is there, the only program that a build without network has.
    init(_ files: [String: String], busybox: Bool = false) throws {
        folder = try TemporaryDirectory("build")
        for (path, text) in files { try folder.write(path, text) }
        if busybox {
            try TestFiles.makeDirectory(folder("bin"))
            let (status, output) = TestProgram.run(["cp", "/bin/busybox", folder("bin/busybox")])
            guard status == 0 else { throw DevloopError(.process, output) }
        }
    }

    func request(
        dockerfile: String = "Dockerfile", replacing names: [String: String] = [:],
        _ change: (inout DockerBuild) -> Void = { _ in }
    ) throws -> BuildRequest {
        let path = folder(dockerfile)
        var build = DockerBuild(context: folder.path, dockerfile: path, text: try TestFiles.read(path))
        build.network = "host"
        change(&build)
        return BuildRequest(build) { names[$0] }
    }

    func build(_ request: BuildRequest, with builder: any ImageBuilder) async throws -> String {
        try await builder.build(request, context: try BuildContext(request)) { line in lines.change { $0.append(line) }
        }
    }

    /// Builds, writes out, reads.
    func image(_ request: BuildRequest, with builder: any ImageBuilder) async throws -> ArchivedImage {
        let id = try await build(request, with: builder)
        let file = ExportFile(in: folder.path)
        try await builder.export(id, name: "devloop.test/image:1", to: file.path)
        var image = try ImageArchiveReader.read(file.path)
        // Layers are read in place: the file is looked at while it is there.
        image.names = try await names(image)
        return image
    }

    /// Paths of all layers, bottom to top.
    func names(_ image: ArchivedImage) async throws -> [String] {
        var names: [String] = []
        for layer in image.layers {
            let result = try await ProcessRunner.run(
                ProcessCommand(["tar", "-tf", "-"], stdin: .stream(layer.content.stream)))
            names += result.outputText.split(separator: "\n").map {
                $0.hasSuffix("/") ? String($0.dropLast()) : String($0)
            }
        }
        return names
    }
}

/// Text that no other run has.
func unique(_ word: String) -> String { "\(word)-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))" }
