// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What a container runs: its manifest's words and those of its image, joined by Kubernetes' rule.
package enum ContainerCommand {
    /// - Parameters:
    ///   - container: one of a Pod spec's `containers`.
    ///   - entrypoint: the image's own; nil when nobody knows it.
    ///   - arguments: the image's own, which a command of the manifest drops.
    /// - Returns: program and arguments as a manifest writes them; nil when they cannot be told, or there are none.
    package static func words(_ container: JSONValue, entrypoint: [String]?, arguments: [String]) -> [String]? {
        let command = container["command"]?.array?.compactMap(\.string) ?? []
        let given = container["args"]?.array?.compactMap(\.string)
        if !command.isEmpty { return command + (given ?? []) }
        guard let entrypoint else { return nil }
        let words = entrypoint.map(quoted) + (given ?? arguments.map(quoted))
        return words.isEmpty ? nil : words
    }

    /// Kubernetes replaces `$(NAME)` in the words of manifests, but not in those of images; `$$` is a plain `$` to it.
    private static func quoted(_ word: String) -> String { word.replacing("$", with: "$$") }
}
