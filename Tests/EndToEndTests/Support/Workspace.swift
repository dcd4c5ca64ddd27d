// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner

/// A repository with the sample services as they are in this one, to be edited by tests.
///
/// It lies in the cache folder and stays, so that the services are compiled once and not for each run; the lock keeps
/// test runs of several checkouts apart.
final class Workspace: Sendable {
    private let folder: KeptFolder
    var path: String { folder.path }

    /// The folder that holds `Package.swift`.
    static let repository = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

    /// Waits for other test runs, then makes the files equal to those of this checkout.
    static func open() async throws -> Workspace {
        let workspace = Workspace(folder: try await KeptFolder.open("e2e/repository"))
        try await workspace.restore()
        return workspace
    }

    private init(folder: KeptFolder) { self.folder = folder }

    func callAsFunction(_ relative: String) -> String { folder(relative) }

    /// Replaces text in a file, in place, as an editor saves it.
    func edit(_ relative: String, _ old: String, _ new: String) throws {
        let text = try TestFiles.read(self(relative))
        guard text.contains(old) else { throw DevloopError(.file, "\(relative) does not hold '\(old)'") }
        try TestFiles.write(self(relative), text.replacing(old, with: new))
    }

    /// Makes the files equal to those of this checkout. Files that are equal are not touched, since a newer time would
    /// compile them again.
    func restore() async throws {
        let wanted = try await Self.files(in: Self.repository)
        if !TestFiles.exists(self(".git")) { try await git("init", "-q") }
        for file in try await Self.files(in: path) where !wanted.contains(file) { TestFiles.remove(self(file)) }
        for file in wanted {
            try folder.write(file, try TestFiles.read("\(Self.repository)/\(file)"))
        }
        try await git("add", "-A")
        try await git(
            "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "-q", "--allow-empty", "-m", "start")
    }

    /// What the session needs of the repository; without what Git ignores.
    private static func files(in folder: String) async throws -> Set<String> {
        let result = try await ProcessRunner.run(
            ProcessCommand([
                "git", "-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--",
                "Devloopfile",
                "services", "k8s", ".gitignore", ".devloopignore",
            ]))
        let all = result.stdout.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return Set(all.filter { TestFiles.exists("\(folder)/\($0)") })
    }

    @discardableResult
    func git(_ words: String...) async throws -> String {
        let result = try await ProcessRunner.run(ProcessCommand(["git", "-C", path] + words))
        guard result.status.isSuccess else {
            throw DevloopError(.process, "git \(words.joined(separator: " ")): \(result.errorText)")
        }
        return result.outputText
    }
}
