// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc
package import Hashing
import ImagePack
package import Plan
import ProcessRunner

/// The files that a Dockerfile's instructions can read: what of a directory `.dockerignore`, `ignore` and `only` leave.
///
/// As Docker sends it to an engine, owner and group are root, and links stay links; unlike there, times are 0, so that
/// equal files make equal images.
package struct BuildContext: Sendable {
    struct Entry: Sendable {
        enum Kind: Sendable {
            case directory
            case file(size: Int)
            case link(String)
        }

        /// Relative to the context.
        var path: String
        var kind: Kind
        var mode: Int
    }

    /// Absolute directory.
    private let directory: String
    /// Each after the directory that it is in.
    private(set) var entries: [Entry]
    /// Of paths, sizes, times and inodes: equal ones mean that no file was touched.
    package let fingerprint: ContentDigest

    /// Looks at the files, and reads none.
    /// - Throws: `DevloopError` with code image for what cannot be read.
    package init(_ request: BuildRequest) throws(DevloopError) {
        try self.init(request.context, only: request.only, ignored: request.ignored)
        guard directory == request.context || directory + "/" == request.context else {
            throw DevloopError(
                .image, "the context \(request.context) is no directory",
                hint: "docker_build(ref, context) names a directory")
        }
    }

    /// - Parameter path: a directory, or a file, which is then all there is.
    package init(_ path: String, only: [String] = [], ignored: PathFilter) throws(DevloopError) {
        var walk = ContextWalk(path, only: only, ignored: ignored)
        try walk.run()
        directory = walk.root
        entries = walk.entries
        fingerprint = walk.fingerprint.finish()
    }

    /// The context as an engine takes it.
    /// - Returns: the archive, and the path of the Dockerfile in it.
    func tar(dockerfile: BuildDockerfile) throws(DevloopError) -> (source: ByteSource, dockerfile: String) {
        var tar = TarBuilder()
        let files = Set(entries.map(\.path))
        let inside = dockerfile.path.flatMap { path in
            path.hasPrefix(directory + "/") ? String(path.dropFirst(directory.count + 1)) : nil
        }
        // The Dockerfile goes along even if nothing may copy it. The engine then takes it away again, because the ignore
        // file says so; if that is not to be copied either, it takes that away too.
        var path = inside ?? ""
        var ignoreFile: [UInt8]?
        if inside == nil || !dockerfile.isOriginal || !files.contains(path) {
            path = Self.hiddenDockerfile
            var text = files.contains(".dockerignore") ? try read(".dockerignore") : Array(".dockerignore\n".utf8)
            text += Array("\n\(path)\n".utf8)
            ignoreFile = text
            try tar.add(bytes: text, at: ".dockerignore")
            try tar.add(bytes: Array(dockerfile.text.utf8), at: path)
        }
        for entry in entries where ignoreFile == nil || entry.path != ".dockerignore" { try add(entry, to: &tar) }
        tar.finish()
        return (tar.source, path)
    }

    /// No file of anybody has this name.
    private static let hiddenDockerfile = ".devloop.dockerfile"

    /// The digest of the files' content.
    package func digest() throws(DevloopError) -> ContentDigest { try plainTar().digest() }

    /// Copies the context into an empty directory.
    func unpack(into folder: String) async throws {
        let result = try await ProcessRunner.run(
            ProcessCommand(
                ["tar", "--extract", "--file", "-", "--directory", folder, "--preserve-permissions"],
                stdin: .stream(try plainTar().stream)))
        guard result.status.isSuccess else {
            throw DevloopError(
                .image, "the build context cannot be copied to \(folder): \(result.errorText.prefix(300))",
                hint: "make room, or set TMPDIR to a folder that is large enough")
        }
    }

    private func plainTar() throws(DevloopError) -> ByteSource {
        var tar = TarBuilder()
        for entry in entries { try add(entry, to: &tar) }
        tar.finish()
        return tar.source
    }

    private func add(_ entry: Entry, to tar: inout TarBuilder) throws(DevloopError) {
        switch entry.kind {
        case .directory: try tar.add(directory: entry.path, mode: entry.mode)
        case .file(let size):
            try tar.add(file: "\(directory)/\(entry.path)", size: size, at: entry.path, mode: entry.mode)
        case .link(let target): try tar.add(link: entry.path, to: target)
        }
    }

    private func read(_ name: String) throws(DevloopError) -> [UInt8] { try SmallFile.read("\(directory)/\(name)") }
}
