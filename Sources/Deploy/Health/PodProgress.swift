// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// A Pod whose containers have no failure of their own: ready, or what it waits for.
struct PodProgress {
    private let pod: JSONValue
    private let events: [PodEvent]
    private let restartPolicy: String
    private let status: JSONValue
    private let conditions: [JSONValue]

    init(_ pod: JSONValue, _ events: [PodEvent], restartPolicy: String) {
        self.pod = pod
        self.events = events
        self.restartPolicy = restartPolicy
        status = pod["status"] ?? .null
        conditions = status["conditions"]?.array ?? []
    }

    var judgement: PodHealth.Judgement {
        if let found = unscheduled ?? unmounted ?? lost { return (.failing(found), found.code) }
        if isTrue("Ready") { return (.ready, "Running") }
        return starting
    }

    private func isTrue(_ type: String) -> Bool { condition(type)?["status"]?.string == "True" }

    private func condition(_ type: String) -> JSONValue? { conditions.first { $0["type"]?.string == type } }

    private var phase: String { status["phase"]?.string ?? "Pending" }

    private var unscheduled: PodStatus.Failure? {
        let scheduled = condition("PodScheduled")
        guard scheduled?["status"]?.string == "False", scheduled?["reason"]?.string == "Unschedulable" else {
            return nil
        }
        let message = scheduled?["message"]?.string ?? "no node takes it"
        if message.lowercased().contains("persistentvolumeclaim") {
            return Problem.volumeNotBound.failure("a volume of the Pod is not there: \(message)")
        }
        return Problem.unschedulable.failure("no node takes the Pod: \(message)")
    }

    /// Containers wait for volumes, and one could not be had.
    private var unmounted: PodStatus.Failure? {
        let containers = ["initContainerStatuses", "containerStatuses"].flatMap { status[$0]?.array ?? [] }
        let isCreating = containers.contains { container in
            ["ContainerCreating", "PodInitializing"].contains(container.at("state", "waiting", "reason")?.string)
        }
        let hasBegun = containers.contains { $0.at("state", "running") != nil || $0.at("state", "terminated") != nil }
        guard isCreating, !hasBegun,
            let event = events.newest(
                "FailedMount", "FailedAttachVolume", "FailedMapVolume", since: nil, where: { _ in true })
        else { return nil }
        return Problem.volumeNotMounted.failure("a volume of the Pod cannot be mounted: \(event.message)")
    }

    /// The node controller takes only the Pod's readiness back; what the kubelet said of its containers stays.
    private var lost: PodStatus.Failure? {
        let containers = status["containerStatuses"]?.array ?? []
        guard phase == "Running", condition("Ready") != nil, !isTrue("Ready"), isTrue("ContainersReady"),
            !containers.isEmpty, containers.allSatisfy({ $0["ready"]?.bool == true }),
            pod.at("spec", "readinessGates")?.array?.isEmpty ?? true
        else { return nil }
        let node = pod.at("spec", "nodeName")?.string ?? "of the Pod"
        return Problem.nodeNotReady.failure("the node \(node) does not answer")
    }

    /// Nothing is wrong so far.
    private var starting: PodHealth.Judgement {
        for (key, isInit) in [("initContainerStatuses", true), ("containerStatuses", false)] {
            for container in status[key]?.array ?? [] {
                if let found = starting(container, isInit: isInit) { return found }
            }
        }
        let notReady = (status["containerStatuses"]?.array ?? []).first {
            $0["ready"]?.bool != true && $0.at("state", "terminated") == nil
        }
        if phase == "Running", let notReady { return unready(notReady) }
        if let gate = pod.at("spec", "readinessGates")?.array?.compactMap({ $0["conditionType"]?.string }).first(
            where: {
                !isTrue($0)
            }), phase == "Running"
        {
            return (.starting("waiting for condition \(gate)"), "NotReady")
        }
        return (.starting("waiting for a node"), phase)
    }

    private func starting(_ container: JSONValue, isInit: Bool) -> PodHealth.Judgement? {
        let name = container["name"]?.string ?? ""
        if let reason = container.at("state", "waiting", "reason")?.string {
            return (.starting(reason == "ContainerCreating" ? "creating \(name)" : "\(name): \(reason)"), reason)
        }
        // One that ended well starts again only where the Pod says so.
        if let code = container.at("state", "terminated", "exitCode")?.int, !isInit,
            restartPolicy == "Always" || code != 0
        {
            return (.starting("\(name) ended with exit code \(code), starts again"), "Restarting")
        }
        if container.at("state", "running") != nil, isInit { return (.starting("init container \(name) runs"), "Init") }
        return nil
    }

    private func unready(_ container: JSONValue) -> PodHealth.Judgement {
        let name = container["name"]?.string ?? ""
        let since = container.at("state", "running", "startedAt")?.string
        for prefix in ["Readiness probe", "Startup probe", "Liveness probe"] {
            let event = events.newest("Unhealthy", of: name, since: since) { $0.hasPrefix(prefix) }
            guard let event else { continue }
            let word = prefix == "Readiness probe" ? Problem.readinessProbeFailed.code : "NotReady"
            return (.starting("\(name) runs, but is not ready: \(event.message)"), word)
        }
        return (.starting("\(name) runs, its readiness check does not succeed yet"), "NotReady")
    }
}
