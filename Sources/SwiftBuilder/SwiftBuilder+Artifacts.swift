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

    /// A copy without symbols and without the compiler's own sections, for shipping (design D7): 60 MB become 17. The
    /// original stays for symbolication.
    /// - Returns: path and digest of the copy.
    package func strip(_ artifact: BuildArtifact) async throws -> (path: String, digest: ContentDigest) {
        guard let stamp = FileStamp(artifact.path) else {
            throw DevloopError(.build, "\(artifact.path) is gone", hint: "the next save builds it again")
        }
        if let known = stripped[artifact.product], known.source == stamp, access(known.path, R_OK) == 0 {
            return (known.path, known.digest)
        }
        guard let tool = try await swift().tool("llvm-objcopy", path: environment["PATH"]) else {
            throw DevloopError(
                .build, "llvm-objcopy was not found beside the compiler or on PATH",
                hint: "install the whole Swift toolchain, or Debian's llvm package")
        }
        let folder = "\(scratch)/devloop-stripped"
        mkdir(folder, 0o755)
        let path = "\(folder)/\(artifact.product)"
        let temporary = "\(path).new"
        let result = try await ProcessRunner.run(
            ProcessCommand([tool, "--strip-all", artifact.path, temporary], environment: .exact(environment)))
        // Renamed: a set that is being sent keeps the file that it opened.
        guard result.status.isSuccess, rename(temporary, path) == 0 else {
            throw DevloopError(.build, "cannot strip \(artifact.path): \(result.status) \(result.errorText)")
        }
        do {
            let digest = try SHA256.digest(ofFile: path)
            stripped[artifact.product] = (stamp, path, digest)
            return (path, digest)
        } catch {
            throw DevloopError(.build, "cannot read \(path): \(String(cString: strerror(error.errno)))")
        }
    }
}
