// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Reads a Pod object as a person would who knows Kubernetes well: container states first, then the phase (design D12).
/// Pure: the same objects give the same verdict.
package enum PodHealth {
    /// - Parameters:
    ///   - pod: the API object.
    ///   - events: what was recorded about it, in any order.
    ///   - words: the last line of containers that ended at once, by name; see ``suspects(of:)``.
    package static func status(
        of pod: JSONValue, events: [PodEvent] = [], words: [String: String] = [:]
    ) -> PodStatus {
        let metadata = pod["metadata"] ?? .null
        let containers =
            statuses(pod, "initContainerStatuses", specs: "initContainers", .initial)
            + statuses(pod, "containerStatuses", specs: "containers", .app)
            + statuses(pod, "ephemeralContainerStatuses", specs: "ephemeralContainers", .ephemeral)
        let labels = metadata["labels"]?.object?.members.reduce(into: [String: String]()) {
            $0[$1.key] = $1.value.string
        }
        let isTerminating = metadata["deletionTimestamp"]?.string != nil
        let judged = verdict(of: pod, events, words)
        return PodStatus(
            name: metadata["name"]?.string ?? "", namespace: metadata["namespace"]?.string ?? "",
            uid: metadata["uid"]?.string ?? "", created: metadata["creationTimestamp"]?.string ?? "",
            isTerminating: isTerminating, labels: labels ?? [:],
            templateHash: metadata.at("labels", "pod-template-hash")?.string,
            generation: metadata.at("annotations", Renderer.generationAnnotation)?.string,
            containers: containers, verdict: judged.verdict, word: isTerminating ? "Terminating" : judged.word,
            since: isTerminating ? metadata["deletionTimestamp"]?.string : since(pod, judged.verdict),
            isProven: (pod.at("spec", "containers")?.array ?? []).allSatisfy { $0["readinessProbe"] != nil })
    }

    private static func statuses(
        _ pod: JSONValue, _ key: String, specs: String, _ role: PodStatus.Container.Role
    ) -> [PodStatus.Container] {
        let specified = pod.at("spec", specs)?.array ?? []
        return (pod.at("status", key)?.array ?? []).map { status in
            let name = status["name"]?.string ?? ""
            let spec = specified.first { $0["name"]?.string == name }
            let ports = (spec?["ports"]?.array ?? []).compactMap { port -> (name: String, port: Int)? in
                guard let number = port["containerPort"]?.int else { return nil }
                return (port["name"]?.string ?? "", number)
            }
            return PodStatus.Container(
                name: name, id: status["containerID"]?.string ?? "", isRunning: status.at("state", "running") != nil,
                isReady: status["ready"]?.bool ?? false, restarts: status["restartCount"]?.int ?? 0, role: role,
                previous: status.at("lastState", "terminated", "containerID")?.string, ports: ports,
                image: spec?["image"]?.string ?? "", agent: spec.flatMap(AgentCommand.path))
        }
    }

    typealias Judgement = (verdict: PodStatus.Verdict, word: String)

    private static func verdict(
        of pod: JSONValue, _ events: [PodEvent], _ words: [String: String]
    ) -> Judgement {
        let status = pod["status"] ?? .null
        let phase = status["phase"]?.string ?? "Pending"
        let restarts = pod.at("spec", "restartPolicy")?.string ?? "Always"
        if phase == "Succeeded" { return (.succeeded, "Completed") }
        // Why the whole Pod was ended explains how its containers were.
        if phase == "Failed", let reason = status["reason"]?.string, !reason.isEmpty { return ended(status, reason) }
        for (key, isInit) in [("initContainerStatuses", true), ("containerStatuses", false)] {
            for container in status[key]?.array ?? [] {
                let found = ContainerFailure(
                    container, isInit: isInit, restartPolicy: restarts, events: events,
                    words: words[container["name"]?.string ?? ""])
                if let failure = found.failure { return (.failing(failure), failure.code) }
            }
        }
        if phase == "Failed" { return ended(status, Problem.failed.code) }
        return PodProgress(pod, events, restartPolicy: restarts).judgement
    }

    /// A life of a container that was over at once.
    package struct Suspect: Sendable, Hashable {
        package var container: String
        /// Of the life that has ended.
        package var id: String
        /// Whether its log is the previous one.
        package var isPrevious: Bool
    }

    /// Containers whose last line may say more than their status: runc starts a program that the processor does not know
    /// and tells of it in the container's log, before it ends with 1 or 255.
    package static func suspects(of pod: JSONValue) -> [Suspect] {
        ["initContainerStatuses", "containerStatuses"].flatMap { pod.at("status", $0)?.array ?? [] }.compactMap {
            container in
            let now = container.at("state", "terminated")
            guard let ended = now ?? container.at("lastState", "terminated"), container.at("state", "running") == nil,
                [1, 255].contains(ended["exitCode"]?.int), ended["reason"]?.string == "Error",
                ended["startedAt"]?.string == ended["finishedAt"]?.string, let id = ended["containerID"]?.string,
                let name = container["name"]?.string
            else { return nil }
            return Suspect(container: name, id: id, isPrevious: now == nil)
        }
    }

    private static func ended(_ status: JSONValue, _ reason: String) -> Judgement {
        let message = status["message"]?.string ?? "the Pod ended with a failure"
        let hint = (Problem.find(reason) ?? .failed).hint
        return (.failing(PodStatus.Failure(code: reason, message: message, hint: hint)), reason)
    }

    /// When what made the verdict came about.
    private static func since(_ pod: JSONValue, _ verdict: PodStatus.Verdict) -> String? {
        let conditions = pod.at("status", "conditions")?.array ?? []
        let containers = ["initContainerStatuses", "containerStatuses"].flatMap { pod.at("status", $0)?.array ?? [] }
        let fallback =
            conditions.compactMap { $0["lastTransitionTime"]?.string }.max()
            ?? pod.at("metadata", "creationTimestamp")?.string
        switch verdict {
        case .ready:
            return conditions.first { $0["type"]?.string == "Ready" }?["lastTransitionTime"]?.string ?? fallback
        case .succeeded:
            return containers.compactMap { $0.at("state", "terminated", "finishedAt")?.string }.max() ?? fallback
        case .failing(let failure):
            let container = containers.first { $0["name"]?.string == failure.container }
            return container?.at("state", "terminated", "finishedAt")?.string
                ?? container?.at("lastState", "terminated", "finishedAt")?.string ?? fallback
        case .starting: return fallback
        }
    }
}
