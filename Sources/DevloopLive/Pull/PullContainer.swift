// SPDX-License-Identifier: Apache-2.0

import Deploy
package import DevloopCore

/// A container that files can be read from.
package struct PullContainer: Sendable, Equatable {
    package var name: String
    /// Where its agent is, in the container.
    package var agent: String

    /// Finds the container of a Pod.
    /// - Parameters:
    ///   - pod: the Pod as the API server has it.
    ///   - wanted: its name; nil takes the only one with an agent.
    /// - Throws: code `.usage` for a name that the Pod has not, or when several could be meant, `.syncImpossible` where
    ///   there is no agent or the container does not run.
    package static func choose(in pod: JSONValue, wanted: String?) throws -> PullContainer {
        let title = pod.at("metadata", "name")?.string ?? "?"
        let containers = pod.at("spec", "containers")?.array ?? []
        let names = containers.compactMap { $0["name"]?.string }
        let all = names.joined(separator: ", ")
        let able = containers.compactMap { container -> PullContainer? in
            guard let name = container["name"]?.string, let agent = AgentCommand.path(in: container) else { return nil }
            return PullContainer(name: name, agent: agent)
        }
        let found: PullContainer
        if let wanted {
            guard names.contains(wanted) else {
                throw DevloopError(
                    .usage, "the Pod \(title) has no container \"\(wanted)\"", hint: "containers: \(all)")
            }
            guard let chosen = able.first(where: { $0.name == wanted }) else { throw noAgent(title, wanted) }
            found = chosen
        } else {
            guard let first = able.first else { throw noAgent(title, names.count == 1 ? names[0] : nil) }
            guard able.count == 1 else {
                throw DevloopError(
                    .usage, "the Pod \(title) has several containers that can be read",
                    hint: "name one with -c: \(able.map(\.name).joined(separator: ", "))")
            }
            found = first
        }
        let statuses = pod.at("status", "containerStatuses")?.array ?? []
        let status = statuses.first { $0["name"]?.string == found.name }
        guard status?.at("state", "running") != nil else {
            throw DevloopError(.syncImpossible, "the container \(found.name) of the Pod \(title) does not run")
        }
        return found
    }

    private static func noAgent(_ pod: String, _ container: String?) -> DevloopError {
        let who = container.map { "the container \($0) of the Pod \(pod)" } ?? "the Pod \(pod)"
        return DevloopError(
            .syncImpossible, "\(who) has no agent of devloop, which reads the files",
            hint: "devloop up brings it with live images; elsewhere use kubectl cp")
    }
}
