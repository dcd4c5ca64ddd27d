// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
package import Hashing
import ProcessRunner

extension SwiftBuilder {
    /// Where the program of a product is after a build.
    package func executablePath(_ product: String) -> String { "\(products)/\(product)" }

    func artifact(_ product: String) throws -> BuildArtifact {
        let path = executablePath(product)
        guard let stamp = FileStamp(path) else {
            throw DevloopError(
                .build, "the build made no program \(product)", at: SourceLocation(file: "\(package)/Package.swift"),
                hint: "name an executable product of the package")
        }
        return BuildArtifact(product: product, path: path, size: stamp.size)
    }

    /// A copy without symbols and debug information, for shipping (design D7): 60 MB become 17. The original stays for
    /// symbolication.
    /// - Returns: path and digest of the copy.
    package func strip(_ artifact: BuildArtifact) async throws -> (path: String, digest: ContentDigest) {
        guard let stamp = FileStamp(artifact.path) else {
            throw DevloopError(.build, "\(artifact.path) is gone", hint: "the next save builds it again")
        }
        if let known = stripped[artifact.product], known.source == stamp, access(known.path, R_OK) == 0 {
            return (known.path, known.digest)
        }
        let folder = "\(scratch)/devloop-stripped"
        mkdir(folder, 0o755)
        let path = "\(folder)/\(artifact.product)"
        let temporary = "\(path).new"
        // In one pass, since this is part of every save: 34 ms for 16 MB, where a strip program and a hash took 120.
        var digest = try LoadableImage.copy(artifact.path, to: temporary)
        if digest == nil {
            try await runStrip(artifact.path, to: temporary)
            digest = try? SHA256.digest(ofFile: temporary)
        }
        // Renamed: a set that is being sent keeps the file that it opened.
        guard let digest, rename(temporary, path) == 0 else {
            throw DevloopError(.build, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        stripped[artifact.product] = (stamp, path, digest)
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
