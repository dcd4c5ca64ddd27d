// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Plan

/// Reads a Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or custom resource: what its controller has made of it, and what keeps it
/// from making Pods, of which no Pod can tell. Pure.
package struct WorkloadHealth {
    private let object: JSONValue
    private let kind: String
    private let events: [PodEvent]
    private let status: JSONValue
    private let conditions: [JSONValue]

    /// - Parameters:
    ///   - object: the API object.
    ///   - kind: lists leave it out of their items.
    ///   - events: what was recorded about it, in any order.
    package static func status(of object: JSONValue, kind: String, events: [PodEvent] = []) -> WorkloadStatus {
        let health = WorkloadHealth(object: object, kind: kind, events: events)
        let verdict = health.verdict
        return WorkloadStatus(
            kind: kind, name: object.at("metadata", "name")?.string ?? "",
            namespace: object.at("metadata", "namespace")?.string ?? "",
            uid: object.at("metadata", "uid")?.string ?? "",
            generation: object.at("spec", "template", "metadata", "annotations", Renderer.generationAnnotation)?.string,
            verdict: verdict,
            since: health.conditions.compactMap { $0["lastTransitionTime"]?.string }.max()
                ?? object.at("metadata", "creationTimestamp")?.string,
            version: object.at("metadata", "generation")?.int)
    }

    private init(object: JSONValue, kind: String, events: [PodEvent]) {
        self.object = object
        self.kind = kind
        self.events = events
        status = object["status"] ?? .null
        conditions = status["conditions"]?.array ?? []
    }

    private var verdict: WorkloadStatus.Verdict {
        // Its kind may be called like one of Kubernetes' own. Lists leave the version out for those alone.
        if let version = object["apiVersion"]?.string, ManifestObject.isCustom(apiVersion: version) {
            return CustomHealth.verdict(of: object)
        }
        if kind == "Job" { return job }
        if let generation = object.at("metadata", "generation")?.int,
            status["observedGeneration"]?.int ?? 0 < generation
        {
            return .progressing("its controller has not seen it yet")
        }
        if let condition = condition("ReplicaFailure", is: "True") {
            return .failing(Self.refusal(condition["message"]?.string ?? ""))
        }
        if kind == "Deployment", let condition = condition("Progressing", is: "False"),
            condition["reason"]?.string == Problem.progressDeadlineExceeded.code
        {
            return .failing(
                Problem.progressDeadlineExceeded.failure(condition["message"]?.string ?? "it does not come further"))
        }
        let counts = counts
        if counts.made < counts.wanted, let refusal { return .failing(refusal) }
        return counts.progress.map { .progressing($0) } ?? .ready
    }

    private func condition(_ type: String, is value: String) -> JSONValue? {
        conditions.first { $0["type"]?.string == type && $0["status"]?.string == value }
    }

    // MARK: Pods that could not be made

    /// Controllers without a condition for it only record it.
    private var refusal: PodStatus.Failure? {
        events.newest("FailedCreate", since: nil) { _ in true }.map { Self.refusal($0.message) }
    }

    /// - Parameter message: of the API server, as the controller has noted it.
    static func refusal(_ message: String) -> PodStatus.Failure {
        let text = message.lowercased()
        let problem: Problem =
            if text.contains("exceeded quota") {
                .quotaExceeded
            } else if text.contains("denied") || text.contains("forbidden") {
                .admissionRefused
            } else { .failedCreate }
        return problem.failure("no Pod can be made: \(message)")
    }

    // MARK: Counts

    private struct Counts {
        /// Pods that are asked for, that are there in the newest form, that can serve, and that are there at all.
        var wanted: Int
        var made: Int
        var available: Int
        var all: Int

        var progress: String? {
            if made < wanted { return "\(made) of \(wanted) Pods are there" }
            if all > made { return "\(all - made) old Pods are still there" }
            return available < wanted ? "\(available) of \(wanted) Pods are available" : nil
        }
    }

    private var counts: Counts {
        func number(_ name: String) -> Int { status[name]?.int ?? 0 }
        let wanted = object.at("spec", "replicas")?.int ?? 1
        switch kind {
        case "DaemonSet":
            let wanted = number("desiredNumberScheduled")
            let made = Self.leavesOldPods(object) ? number("currentNumberScheduled") : number("updatedNumberScheduled")
            return Counts(wanted: wanted, made: made, available: number("numberAvailable"), all: made)
        case "StatefulSet":
            let made =
                Self.leavesOldPods(object) || status["currentRevision"] == status["updateRevision"]
                ? number("replicas") : number("updatedReplicas")
            return Counts(wanted: wanted, made: made, available: number("readyReplicas"), all: made)
        case "ReplicaSet":
            return Counts(
                wanted: wanted, made: number("replicas"), available: number("availableReplicas"),
                all: number("replicas"))
        default:
            return Counts(
                wanted: wanted, made: number("updatedReplicas"), available: number("availableReplicas"),
                all: number("replicas"))
        }
    }

    /// Whether Pods of before stay when the workload changes: somebody replaces them by hand, or only some are to be
    /// replaced.
    /// - Parameter object: as it is in a manifest or on the server.
    package static func leavesOldPods(_ object: JSONValue) -> Bool {
        let strategy = object.at("spec", "updateStrategy")
        return strategy?["type"]?.string == "OnDelete" || strategy?.at("rollingUpdate", "partition")?.int ?? 0 > 0
    }

    // MARK: Jobs

    private var job: WorkloadStatus.Verdict {
        if condition("Complete", is: "True") != nil { return .complete }
        if let failed = condition("Failed", is: "True") {
            let reason = failed["reason"]?.string ?? Problem.failed.code
            var failure = (Problem.find(reason) ?? .failed).failure(
                failed["message"]?.string ?? "the Job has failed")
            failure.code = reason
            return .failing(failure)
        }
        let active = status["active"]?.int ?? 0
        if active == 0, let refusal { return .failing(refusal) }
        let wanted = object.at("spec", "completions")?.int ?? object.at("spec", "parallelism")?.int ?? 1
        return .progressing("\(status["succeeded"]?.int ?? 0) of \(wanted) Pods have succeeded")
    }
}
