// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner

/// A repository with the sample services as they are in this one, to be edited by tests.
///
/// It lies in the cache folder and stays, so that the services are compiled once and not for each run; the lock keeps
/// test runs of several checkouts apart.
final class Workspace: Sendable {
    let path: String
    private let lock: Int32

    /// The folder that holds `Package.swift`.
    static let repository = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

    /// Waits for other test runs, then makes the files equal to those of this checkout.
    static func open() async throws -> Workspace {
        let cache =
            ProcessEnvironment.value("XDG_CACHE_HOME").flatMap { $0.isEmpty ? nil : $0 }
            ?? "\(ProcessEnvironment.value("HOME") ?? "/tmp")/.cache"
        let folder = "\(cache)/devloop/e2e"
        try TestFiles.makeDirectory("\(folder)/repository")
        let lock = Glibc.open("\(folder)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { throw DevloopError(.file, "cannot open \(folder)/lock") }
        guard
            await poll(
                deadline: .seconds(600), every: .milliseconds(200), until: { flock(lock, LOCK_EX | LOCK_NB) == 0 })
        else {
            close(lock)
            throw DevloopError(.process, "another test run holds \(folder)/lock")
        }
        let workspace = Workspace(path: "\(folder)/repository", lock: lock)
        try await workspace.restore()
        return workspace
    }

    private init(path: String, lock: Int32) {
        self.path = path
        self.lock = lock
    }

    deinit { close(lock) }

    func callAsFunction(_ relative: String) -> String { "\(path)/\(relative)" }

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
            let text = try TestFiles.read("\(Self.repository)/\(file)")
            if (try? TestFiles.read(self(file))) != text { try TestFiles.write(self(file), text) }
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
