// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Reads a Pod object as a person would who knows Kubernetes well: container states first, then the phase (design D12).
package enum PodHealth {
    /// - Parameter pod: the API object.
    package static func status(of pod: JSONValue) -> PodStatus {
        let metadata = pod["metadata"] ?? .null
        let containers =
            statuses(pod, "initContainerStatuses", specs: "initContainers", isInit: true)
            + statuses(pod, "containerStatuses", specs: "containers", isInit: false)
        let labels = metadata["labels"]?.object?.members.reduce(into: [String: String]()) {
            $0[$1.key] = $1.value.string
        }
        let isTerminating = metadata["deletionTimestamp"]?.string != nil
        let judged = verdict(of: pod)
        return PodStatus(
            name: metadata["name"]?.string ?? "", namespace: metadata["namespace"]?.string ?? "",
            uid: metadata["uid"]?.string ?? "", created: metadata["creationTimestamp"]?.string ?? "",
            isTerminating: isTerminating, labels: labels ?? [:],
            templateHash: metadata.at("labels", "pod-template-hash")?.string,
            generation: metadata.at("annotations", Renderer.generationAnnotation)?.string,
            containers: containers, verdict: judged.verdict, word: isTerminating ? "Terminating" : judged.word)
    }

    private static func statuses(
        _ pod: JSONValue, _ key: String, specs: String, isInit: Bool
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
                isReady: status["ready"]?.bool ?? false, restarts: status["restartCount"]?.int ?? 0, isInit: isInit,
                ports: ports)
        }
    }

    private static func verdict(of pod: JSONValue) -> (verdict: PodStatus.Verdict, word: String) {
        let status = pod["status"] ?? .null
        let phase = status["phase"]?.string ?? "Pending"
        let restarts = pod.at("spec", "restartPolicy")?.string ?? "Always"
        if phase == "Succeeded" { return (.succeeded, "Completed") }
        for key in ["initContainerStatuses", "containerStatuses"] {
            for container in status[key]?.array ?? [] {
                if let failure = ContainerFailure.failure(of: container, restartPolicy: restarts) {
                    return (.failing(failure), failure.code)
                }
            }
        }
        if phase == "Failed" {
            let code = status["reason"]?.string ?? "Failed"
            let message = status["message"]?.string ?? "the Pod ended with a failure"
            return (.failing(PodStatus.Failure(code: code, message: message)), code)
        }
        return waiting(status, phase: phase, restarts: restarts)
    }

    /// Nothing is wrong so far: ready, or on the way.
    private static func waiting(
        _ status: JSONValue, phase: String, restarts: String
    ) -> (verdict: PodStatus.Verdict, word: String) {
        let conditions = status["conditions"]?.array ?? []
        let scheduled = conditions.first { $0["type"]?.string == "PodScheduled" }
        if scheduled?["status"]?.string == "False", scheduled?["reason"]?.string == "Unschedulable" {
            let message = scheduled?["message"]?.string ?? "no node takes it"
            return (
                .failing(
                    PodStatus.Failure(
                        code: "Unschedulable", message: "no node takes the Pod: \(message)",
                        hint: "free resources of the node, or lower the Pod's requests", mayHeal: true)),
                "Unschedulable"
            )
        }
        if conditions.contains(where: { $0["type"]?.string == "Ready" && $0["status"]?.string == "True" }) {
            return (.ready, "Running")
        }
        for key in ["initContainerStatuses", "containerStatuses"] {
            for container in status[key]?.array ?? [] {
                let name = container["name"]?.string ?? ""
                if let reason = container.at("state", "waiting", "reason")?.string {
                    return (
                        .starting(reason == "ContainerCreating" ? "creating \(name)" : "\(name): \(reason)"), reason
                    )
                }
                // One that ended well starts again only where the Pod says so.
                if let code = container.at("state", "terminated", "exitCode")?.int, key == "containerStatuses",
                    restarts == "Always" || code != 0
                {
                    return (.starting("\(name) ended with exit code \(code), starts again"), "Restarting")
                }
                if container.at("state", "running") != nil, key == "initContainerStatuses" {
                    return (.starting("init container \(name) runs"), "Init")
                }
            }
        }
        let notReady = (status["containerStatuses"]?.array ?? []).first {
            $0["ready"]?.bool != true && $0.at("state", "terminated") == nil
        }
        if phase == "Running", let name = notReady?["name"]?.string {
            return (.starting("\(name) runs, its readiness check does not succeed yet"), "NotReady")
        }
        return (.starting("waiting for a node"), phase)
    }
}
