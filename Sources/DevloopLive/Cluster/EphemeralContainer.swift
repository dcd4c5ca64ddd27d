// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// What an ephemeral container with an agent is, and what a Pod says of those that it has; pure.
///
/// Kubernetes calls them `pods/ephemeralcontainers`: they are added to a running Pod, never changed, never started again
/// and never removed. With `targetContainerName` the runtime lets one see the processes of another container. The agent
/// reaches that one's files through `/proc/1/root`, which the kernel allows to a process of the same user and group whose
/// capabilities are not fewer.
enum EphemeralContainer {
    enum State: Equatable {
        /// It runs, and its agent can be asked.
        case running(String)
        /// It is on its way.
        case starting(String)
        /// There is none for this run of the container; the next one gets this name.
        case absent(next: String)
    }

    static let prefix = "devloop-agent-"
    /// Where the agent is in its image.
    static let program = "/devloop/agent"
    /// They stay in the Pod's specification: a container that crashes over and over would fill it.
    private static let most = 10

    /// Where the agent keeps its record and its socket: the one folder that any user may write to in any container.
    static func folder(_ name: String) -> String { "/dev/shm/\(name)" }

    /// - Throws: `DevloopError` with code sync-impossible when an agent beside this container could do nothing.
    static func find(in pod: JSONValue, beside target: String) throws(DevloopError) -> State {
        let words = pod.at("metadata", "name")?.string ?? "the Pod"
        if pod.at("spec", "shareProcessNamespace")?.bool == true {
            throw refusal("the containers of \(words) share their processes, so that process 1 is not the app")
        }
        if pod.at("spec", "hostPID")?.bool == true {
            throw refusal("\(words) sees the processes of its node, so that process 1 is not the app")
        }
        let all = (pod.at("spec", "ephemeralContainers")?.array ?? []).filter {
            $0["name"]?.string?.hasPrefix(prefix) == true
        }
        for own in all where own["targetContainerName"]?.string == target {
            guard let name = own["name"]?.string else { continue }
            let state = (pod.at("status", "ephemeralContainerStatuses")?.array ?? [])
                .first { $0["name"]?.string == name }?["state"]
            if state?["running"] != nil { return .running(name) }
            // One that has ended went with the container that it was for.
            if state?["terminated"] == nil { return .starting(name) }
        }
        guard all.count < most else {
            throw refusal("\(words) has had \(all.count) ephemeral containers of devloop, and keeps them all")
        }
        return .absent(next: "\(prefix)\(all.count + 1)")
    }

    /// Adds one by a strategic merge patch.
    /// - Parameter image: of the agent, as the node has it.
    /// - Throws: `DevloopError` with code sync-impossible when nobody can say as whom it would have to run.
    static func patch(
        _ name: String, image: String, in pod: JSONValue, beside target: String
    ) throws(DevloopError) -> JSONValue {
        let containers = pod.at("spec", "containers")?.array ?? []
        let own = containers.first { $0["name"]?.string == target }
        let shared = pod.at("spec", "securityContext")
        var context = own?["securityContext"]?.object ?? [:]
        if context["runAsUser"] == nil, shared?["runAsUser"] == nil {
            guard (context["runAsNonRoot"] ?? shared?["runAsNonRoot"])?.bool != true else {
                throw refusal("nobody knows the user of \(target), which is only named in its image")
            }
            // The user of the image cannot be asked for. Most run as root; for another one the kernel refuses, which is told.
            context["runAsUser"] = 0
        }
        var container: JSONValue = [
            "name": .string(name), "image": .string(image), "imagePullPolicy": "IfNotPresent",
            "command": [
                .string(program), "run", "--beside", "1", "--app-dir", .string(folder(name)),
            ],
            "targetContainerName": .string(target), "terminationMessagePolicy": "FallbackToLogsOnError",
        ]
        container["securityContext"] = .object(context)
        return ["spec": ["ephemeralContainers": [container]]]
    }

    /// Why one that was asked for does not run; nil while it may still come.
    static func failure(_ name: String, in pod: JSONValue) -> DevloopError? {
        let status = (pod.at("status", "ephemeralContainerStatuses")?.array ?? []).first { $0["name"]?.string == name }
        if let ended = status?.at("state", "terminated") {
            let code = ended["exitCode"]?.int ?? 0
            let last = ended["message"]?.string?.split(separator: "\n").last.map { ": \($0)" } ?? ""
            return DevloopError(
                .syncImpossible, "the ephemeral container \(name) ended with exit code \(code)\(last)",
                hint:
                    "it has to run as the user of the container that it is for: name runAsUser in the Pod's securityContext"
            )
        }
        guard let waiting = status?.at("state", "waiting"), let reason = waiting["reason"]?.string,
            reason.hasPrefix("Err") || reason.contains("Image") && reason != "PullingImage" || reason.hasSuffix("Error")
        else { return nil }
        let message = waiting["message"]?.string.map { ": \($0)" } ?? ""
        return DevloopError(.syncImpossible, "the ephemeral container \(name) does not start: \(reason)\(message)")
    }

    private static func refusal(_ reason: String) -> DevloopError {
        DevloopError(.syncImpossible, "an agent beside it could do nothing: \(reason)")
    }
}
