// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Tells from a container's command whether an agent of devloop runs it.
package enum AgentCommand {
    /// Where the agent of a container is, by its specification in the Pod; nil where none is its command.
    package static func path(in container: JSONValue) -> String? {
        let words = container["command"]?.array?.compactMap(\.string) ?? []
        guard words.count > 2, words[1] == "run", words.contains("--"), words[0].hasPrefix("/") else { return nil }
        let name = words[0].split(separator: "/").last
        return name == "agent" || name == "devloop-agent" || name == ".devloop-agent" ? words[0] : nil
    }
}
