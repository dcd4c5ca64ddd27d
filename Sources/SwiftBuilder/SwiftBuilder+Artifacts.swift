// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing
import HostFolders
import ProcessRunner

extension SwiftBuilder {
    func artifact(_ product: String) throws -> BuildArtifact {
        let path = executablePath(product)
        guard let stamp = FileStamp(path) else {
            throw DevloopError(
                .build, "the build made no program \(product)", at: SourceLocation(file: "\(package)/Package.swift"),
                hint: "name an executable product of the package")
        }
        return BuildArtifact(
            product: product, path: path, size: stamp.size, libraries: libraries(of: product),
            bundles: bundles(of: product))
    }

    /// See ``Toolchain/backtracer``.
    package func backtracer() async -> String? { try? await swift().backtracer }

    /// SwiftPM names the folder with the resources of a target after the package and the target.
    private func bundles(of product: String) -> [String] {
        let objects = driver?.plan.programs[product]?.objects
        let modules = objects.map { Set($0.compactMap(Self.module(of:))) }
        return (Folder.names(in: products) ?? []).filter { $0.hasSuffix(".resources") }.sorted().filter { name in
            // Without a plan all of them go along.
            guard let modules else { return true }
            let name = name.dropLast(".resources".utf8.count).map { $0 == "-" ? "_" : $0 }
            return modules.contains { String(name).hasSuffix("_\($0)") }
        }.map { "\(products)/\($0)" }
    }

    /// The module that an object is of, told by its folder `<module>.build`.
    private static func module(of object: String) -> Substring? {
        object.split(separator: "/").last { $0.hasSuffix(".build") }?.dropLast(".build".utf8.count)
    }

    /// Copies without symbols and debug information, for shipping (design D7): 60 MB become 17. The originals stay for
    /// symbolication.
    package func strip(_ artifact: BuildArtifact) async throws -> StrippedProgram {
        let program = try await strip(artifact.path, as: artifact.product)
        var libraries: [StrippedProgram.Library] = []
        for library in artifact.libraries {
            let copy = try await strip(library.path, as: "lib/\(library.name)")
            libraries.append(StrippedProgram.Library(name: library.name, path: copy.path, digest: copy.digest))
        }
        return StrippedProgram(
            path: program.path, digest: program.digest, libraries: libraries, bundles: artifact.bundles)
    }

    /// - Parameter name: path of the copy below the folder for those; programs find their libraries there too.
    private func strip(_ source: String, as name: String) async throws -> (path: String, digest: ContentDigest) {
        guard let stamp = FileStamp(source) else {
            throw DevloopError(.build, "\(source) is gone", hint: "the next save builds it again")
        }
        if let known = stripped[name], known.source == stamp, access(known.path, R_OK) == 0 {
            return (known.path, known.digest)
        }
        let folder = "\(scratch)/devloop-stripped\(configuration == .debug ? "" : "-release")"
        mkdir(folder, 0o755)
        mkdir("\(folder)/lib", 0o755)
        let path = "\(folder)/\(name)"
        let temporary = "\(path).new"
        // In one pass, since this is part of every save: 34 ms for 16 MB, where a strip program and a hash took 120.
        var digest = try LoadableImage.copy(source, to: temporary)
        if digest == nil {
            try await runStrip(source, to: temporary)
            digest = try? SHA256.digest(ofFile: temporary)
        }
        // Renamed: a set that is being sent keeps the file that it opened.
        guard let digest, rename(temporary, path) == 0 else {
            throw DevloopError(.build, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        stripped[name] = (stamp, path, digest)
        return (path, digest)
    }

    private func runStrip(_ path: String, to copy: String) async throws {
        guard let tool = try await swift().tool("llvm-objcopy", path: environment["PATH"]) else {
            throw DevloopError(
                .build, "llvm-objcopy was not found beside the compiler or on PATH",
                hint: "install the whole Swift toolchain, or Debian's llvm package")
        }
        let result = try await ProcessRunner.run(
            ProcessCommand([tool, "--strip-all", path, copy], environment: .exact(environment)))
        guard result.status.isSuccess else {
            throw DevloopError(.build, "cannot strip \(path): \(result.status) \(result.errorText)")
        }
    }
}
