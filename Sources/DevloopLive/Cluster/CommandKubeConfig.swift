// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Synchronization

/// Tells commands of the spec which cluster and namespace the session works in: a command that goes by the kubeconfig's
/// current context would reach another one when `--context` or `-n` was said.
///
/// A small file in front of the user's own: the first that says something counts. It holds names and no credentials.
final class CommandKubeConfig: Sendable {
    private let text: String
    private let files: [String]
    private let path = Mutex<String?>(nil)

    /// - Parameter files: absolute paths of the user's kubeconfig.
    init(context: String, cluster: String, user: String, namespace: String, files: [String]) {
        self.files = files
        let content: JSONValue = [
            "apiVersion": "v1", "kind": "Config", "current-context": .string(context),
            "contexts": [
                [
                    "name": .string(context),
                    "context": ["cluster": .string(cluster), "user": .string(user), "namespace": .string(namespace)],
                ]
            ],
        ]
        text = content.jsonText + "\n"
    }

    /// Value of `KUBECONFIG`; makes the file the first time.
    func value() throws -> String {
        let first = try path.withLock { path in
            if let path { return path }
            var template = Array("\(HostPaths.temporary)/devloop-kubeconfig-XXXXXX".utf8CString)
            let file = mkstemp(&template)
            guard file >= 0 else { throw DevloopError(.file, "no file can be made in \(HostPaths.temporary)") }
            defer { close(file) }
            let bytes = Array(text.utf8)
            let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
                unlink(made)
                throw DevloopError(.file, "\(made) cannot be written")
            }
            path = made
            return made
        }
        return ([first] + files).joined(separator: ":")
    }

    func remove() {
        let made = path.withLock { path in
            defer { path = nil }
            return path
        }
        if let made { unlink(made) }
    }
}
