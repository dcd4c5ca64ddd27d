// SPDX-License-Identifier: Apache-2.0

/// The extensions that devloop brings along, written in the spec language. They take the place of those of Tilt with
/// the same names and functions.
enum BundledExtensions {
    private static let sources: [String: String] = [
        "cert_manager": certManagerExtension, "color": colorExtension, "configmap": configMapExtension,
        "dotenv": dotenvExtension, "helm_remote": helmRemoteExtension, "helm_resource": helmResourceExtension,
        "local_output": localOutputExtension,
        "namespace": namespaceExtension, "restart_process": restartProcessExtension, "secret": secretExtension,
        "uibutton": uiButtonExtension,
    ]

    static let names = sources.keys.sorted()

    /// What stands for the path of a file that is on no disk.
    private static let prefix = "ext://"

    static func path(of name: String) -> String { prefix + name }

    /// The text of a bundled extension; nil for every other path.
    static func source(of path: String) -> String? {
        path.hasPrefix(prefix) ? sources[String(path.dropFirst(prefix.count))] : nil
    }
}
