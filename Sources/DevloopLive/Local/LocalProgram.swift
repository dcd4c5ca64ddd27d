// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LocalPods
import LoopEngine

/// The files of a built program, and the words for its end.
enum LocalProgram {
    struct File {
        var source: String
        /// In the container.
        var destination: String
        var entry: LocalRoot.Entry
    }

    static func files(of artifact: Artifact, product: String) -> [File] {
        let folder = LocalRoot.programs
        func file(_ source: String, _ name: String, _ digest: String, isExecutable: Bool) -> File {
            File(
                source: source, destination: "\(folder)/\(name)",
                entry: LocalRoot.Entry(content: digest, isExecutable: isExecutable))
        }
        return artifact.libraries.map { file($0.path, "lib/\($0.name)", $0.digest, isExecutable: true) }
            + artifact.resources.map { file($0.path, $0.name, $0.digest, isExecutable: false) }
            + [file(artifact.path, product, artifact.digest, isExecutable: true)]
    }

    /// The agent's words for the same.
    static func words(_ end: ContainerRecord.End, uptime: Duration, isRolledBack: Bool) -> String {
        let more = isRolledBack ? "; what ran before runs again" : ""
        if end.reason == "StartError" { return (end.message ?? "the app cannot be executed") + more }
        let how = end.signal.map { "signal \($0)" } ?? "exit code \(end.exitCode)"
        return "the app ended with \(how) after \(EventText.duration(uptime.milliseconds))\(more)"
    }
}
