// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Devloopfile
import Glibc
import KubeClient
import Plan
import PodSync

/// `devloop pull`: copies a file or folder out of a container, once.
package struct PullRun: Sendable {
    private let settings: LiveSettings
    private let source: PullSource
    private let container: String?
    private let force: Bool

    /// What came of it.
    package struct Copied: Sendable {
        /// Absolute path of the copy.
        package var path: String
        /// What was left out, and why, a line each.
        package var problems: [String]
    }

    package init(_ settings: LiveSettings, source: PullSource, container: String?, force: Bool) {
        self.settings = settings
        self.source = source
        self.container = container
        self.force = force
    }

    /// - Parameter destination: as the user wrote it; nil for the name of the source in the current folder.
    /// - Throws: `DevloopError`; nothing is left of what was copied then.
    package func run(to destination: String?) async throws -> Copied {
        let path = try Self.destination(destination, name: source.name)
        if !force, HostPaths.exists(path) {
            throw DevloopError(
                .file, "\(path) is there already", hint: "name another destination, or overwrite it with --force")
        }
        let found = try await cluster()
        let namespace = source.namespace ?? settings.namespace ?? found.context.namespace
        let pod = try await pod(in: namespace, found.client)
        let chosen = try PullContainer.choose(in: pod, wanted: container)
        let tree = try PullTree(beside: HostPaths.directory(path))
        defer { tree.discard() }
        let stream = try await found.client.exec(
            namespace: namespace, pod: source.pod, container: chosen.name,
            command: [chosen.agent, "read", source.path], stdin: false)
        let outcome: Pull.Outcome
        do {
            outcome = try await Pull.receive(from: stream, into: tree)
        } catch {
            await stream.close()
            throw error
        }
        await stream.close()
        try PulledFiles.move(tree.item, to: path, force: force)
        return Copied(path: path, problems: outcome.problems)
    }

    /// Other clusters than local ones are allowed by the spec alone, which is read only when it matters.
    private func cluster() async throws -> ClusterAdapter.Found {
        let adapter = ClusterAdapter(settings: settings)
        do {
            return try await adapter.find(PlanSettings())
        } catch let error as DevloopError where error.code == .contextNotAllowed {
            let evaluation = await SpecAdapter(
                settings: settings, directory: HostPaths.workingDirectory, mode: .plan
            ).evaluation()
            guard let plan = evaluation.plan else { throw error }
            return try await adapter.find(plan.settings)
        }
    }

    private func pod(in namespace: String, _ client: KubeClient) async throws -> JSONValue {
        do {
            return try await client.get(.pods, name: source.pod, namespace: namespace)
        } catch  where error.kubeFailure?.isNotFound == true {
            let names = try await client.list(.pods, namespace: namespace).items
                .compactMap { $0.at("metadata", "name")?.string }.sorted()
            let near = names.filter { $0.hasPrefix(source.pod) }
            let listed = (near.isEmpty ? names : near).prefix(10).joined(separator: ", ")
            throw DevloopError(
                .usage, "there is no Pod \"\(source.pod)\" in the namespace \(namespace)",
                hint: listed.isEmpty ? "the namespace has no Pods" : "Pods: \(listed)")
        }
    }

    /// An existing folder gets it under its own name, as with `cp`.
    static func destination(_ given: String?, name: String?) throws -> String {
        let working = HostPaths.workingDirectory
        let text = given ?? "."
        var path = text.hasPrefix("/") ? text : "\(working == "/" ? "" : working)/\(text)"
        var info = stat()
        let isFolder = stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
        guard isFolder || text.hasSuffix("/") else { return path }
        guard isFolder else {
            throw DevloopError(.file, "there is no folder \(text)", hint: "make it first, or leave the slash out")
        }
        guard let name else {
            throw DevloopError(.usage, "the root of the file system has no name", hint: "name a new destination")
        }
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path == "/" ? "/\(name)" : "\(path)/\(name)"
    }
}

/// `POD:PATH` or `NAMESPACE/POD:PATH`.
package struct PullSource: Sendable, Equatable {
    package var namespace: String?
    package var pod: String
    /// Absolute, in the container.
    package var path: String

    /// Nil for what has another form.
    package init?(_ text: String) {
        guard let colon = text.utf8.firstIndex(of: 0x3A) else { return nil }
        let names = text[..<colon].split(separator: "/", omittingEmptySubsequences: false)
        path = String(text[text.utf8.index(after: colon)...])
        guard names.count <= 2, names.allSatisfy({ !$0.isEmpty }), path.utf8.first == 0x2F, let last = names.last else {
            return nil
        }
        pod = String(last)
        namespace = names.count == 2 ? String(names[0]) : nil
    }

    /// The last name of the path; nil for the root, and where `.` or `..` stand in its place.
    package var name: String? {
        guard let last = path.utf8.split(separator: 0x2F).last.map({ String(decoding: $0, as: UTF8.self) }),
            last != ".", last != ".."
        else { return nil }
        return last
    }
}
