// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// The agent in live containers (design §4.5): as their command, with what ran before as its arguments.
extension Renderer {
    /// Where the agent is in images that we pack for `up`.
    package static let agentPath = "/devloop/agent"
    /// Where synced executables live; an emptyDir, so that they survive a crash of the container.
    package static let appDirectory = "/devloop/app"
    /// Where an init container puts the agent. The name is one of those that no change set may write to.
    package static let injectedAgentPath = "\(appDirectory)/.devloop-agent"
    package static let volumeName = "devloop-app"
    package static let initContainerName = "devloop-agent"

    /// A container that got the agent.
    struct Agent {
        /// Of the container's own volume: two agents of one Pod share nothing.
        var volume: String
        /// The init container that brings the agent; nil when it is in the image.
        var installer: JSONValue?
    }

    /// - Parameter number: of the live container in its Pod, from 1.
    /// - Returns: nil when the container stays as it is, since what it runs is not known.
    func addAgent(to container: inout JSONValue, _ live: Live, number: Int) -> Agent? {
        guard
            let original = ContainerCommand.words(
                container, entrypoint: live.entrypoint, arguments: live.arguments)
        else { return nil }
        let suffix = number == 1 ? "" : "-\(number)"
        var agent = Agent(volume: Self.volumeName + suffix)
        let mount: JSONValue = ["name": .string(agent.volume), "mountPath": .string(Self.appDirectory)]
        if live.isInjected {
            guard let agentImage else { return nil }
            agent.installer = installer(
                Self.initContainerName + suffix, image: agentImage, mount: mount, for: container)
        }
        let program = live.isInjected ? Self.injectedAgentPath : Self.agentPath
        let stay = live.staysAfterExit ? ["--stay"] : []
        let wrapped = [program, "run"] + stay + probeArguments(container) + ["--"] + original
        container["command"] = .array(wrapped.map { .string($0) })
        container["args"] = nil
        container["volumeMounts"] = .array((container["volumeMounts"]?.array ?? []) + [mount])
        return agent
    }

    /// Adds what the agents need to the Pod. Theirs come before other init containers: one that waits for another
    /// service does not keep a missing image from being told.
    func install(_ agents: [Agent], in spec: inout JSONValue) {
        guard !agents.isEmpty else { return }
        spec["volumes"] = .array(
            (spec["volumes"]?.array ?? []) + agents.map { ["name": .string($0.volume), "emptyDir": [:]] })
        let installers = agents.compactMap(\.installer)
        if !installers.isEmpty { spec["initContainers"] = .array(installers + (spec["initContainers"]?.array ?? [])) }
    }

    /// It may do, and takes, no more than the container that it is for: what lets that one into the namespace lets it
    /// in too, and the Pod asks for nothing more.
    private func installer(
        _ name: String, image: String, mount: JSONValue, for container: JSONValue
    ) -> JSONValue {
        var result: JSONValue = [
            "name": .string(name), "image": .string(image), "imagePullPolicy": "IfNotPresent",
            "command": [.string(Self.agentPath), "install", .string(Self.injectedAgentPath)],
            "volumeMounts": [mount],
        ]
        result["securityContext"] = container["securityContext"]
        for part in ["requests", "limits"] {
            let own = (container.at("resources", part)?.object?.members ?? []).filter {
                ["cpu", "memory", "ephemeral-storage"].contains($0.key)
            }
            if !own.isEmpty {
                result.set(.object(JSONObject(own.map { ($0.key, $0.value) })), at: ["resources", part])
            }
        }
        return result
    }
}
