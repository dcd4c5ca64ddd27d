// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What is known of a container, in the form in which a kubelet tells it.
package struct ContainerRecord: Sendable, Equatable {
    /// A life that is over.
    package struct End: Sendable, Equatable {
        /// 128 and the number of a signal that ended it.
        package var exitCode: Int
        package var signal: Int?
        /// `Completed`, `Error`, `StartError`.
        package var reason: String
        package var message: String?
        package var started: WallTime
        package var finished: WallTime
        /// Of that life.
        package var id: String

        package init(
            exitCode: Int, signal: Int? = nil, reason: String? = nil, message: String? = nil, started: WallTime,
            finished: WallTime, id: String
        ) {
            self.exitCode = exitCode
            self.signal = signal
            self.reason = reason ?? (exitCode == 0 ? "Completed" : "Error")
            self.message = message
            self.started = started
            self.finished = finished
            self.id = id
        }
    }

    package enum State: Sendable, Equatable {
        case waiting(reason: String, message: String? = nil)
        case running(since: WallTime)
        case ended(End)
    }

    package var name: String
    package var image: String
    package var isInit: Bool
    package var state = State.waiting(reason: "ContainerCreating")
    package var last: End?
    package var restarts = 0
    package var isReady = false
    /// Of the newest life; empty before the first.
    package var id = ""

    package init(name: String, image: String, isInit: Bool = false) {
        self.name = name
        self.image = image
        self.isInit = isInit
    }

    var json: JSONValue {
        var status: JSONObject = [
            "name": .string(name), "image": .string(image), "ready": .bool(isReady), "restartCount": .int(restarts),
        ]
        if !id.isEmpty { status["containerID"] = .string(id) }
        status["state"] = Self.json(state)
        if let last { status["lastState"] = Self.json(.ended(last)) }
        return .object(status)
    }

    private static func json(_ state: State) -> JSONValue {
        switch state {
        case .waiting(let reason, let message):
            var fields: JSONObject = ["reason": .string(reason)]
            if let message { fields["message"] = .string(message) }
            return ["waiting": .object(fields)]
        case .running(let since): return ["running": ["startedAt": .string(since.iso8601)]]
        case .ended(let end):
            var fields: JSONObject = [
                "exitCode": .int(end.exitCode), "reason": .string(end.reason),
                "startedAt": .string(end.started.iso8601), "finishedAt": .string(end.finished.iso8601),
                "containerID": .string(end.id),
            ]
            if let signal = end.signal { fields["signal"] = .int(signal) }
            if let message = end.message { fields["message"] = .string(message) }
            return ["terminated": .object(fields)]
        }
    }
}

/// A Pod of this machine as an API object, so that it is judged by the same rules as one of a cluster.
package struct PodRecord: Sendable {
    package var identity: ContainerVariables.Pod
    package var created: WallTime
    /// Stands for what it was made from.
    package var generation: String
    package var spec: JSONValue
    package var containers: [ContainerRecord]
    /// Why no node would take it: what it needs is not there.
    package var unschedulable: String?
    package var isTerminating = false
    package var changed: WallTime

    package init(
        identity: ContainerVariables.Pod, created: WallTime, generation: String, spec: JSONValue,
        containers: [ContainerRecord]
    ) {
        self.identity = identity
        self.created = created
        self.generation = generation
        self.spec = spec
        self.containers = containers
        changed = created
    }

    /// - Parameter annotation: the key under which the generation stands.
    package func json(annotation: String) -> JSONValue {
        var annotations = identity.annotations.reduce(into: JSONObject()) { $0[$1.key] = .string($1.value) }
        annotations[annotation] = .string(generation)
        var metadata: JSONObject = [
            "name": .string(identity.name), "namespace": .string(identity.namespace), "uid": .string(identity.uid),
            "creationTimestamp": .string(created.iso8601), "annotations": .object(annotations),
            "labels": .object(identity.labels.reduce(into: JSONObject()) { $0[$1.key] = .string($1.value) }),
        ]
        if isTerminating { metadata["deletionTimestamp"] = .string(changed.iso8601) }
        let apps = containers.filter { !$0.isInit }
        var status: JSONObject = ["phase": .string(phase), "conditions": .array(conditions(apps))]
        if unschedulable == nil {
            status["initContainerStatuses"] = .array(containers.filter(\.isInit).map(\.json))
            status["containerStatuses"] = .array(apps.map(\.json))
        }
        return ["metadata": .object(metadata), "spec": spec, "status": .object(status)]
    }

    private func conditions(_ apps: [ContainerRecord]) -> [JSONValue] {
        if let unschedulable {
            return [
                condition("PodScheduled", false, reason: "Unschedulable", message: unschedulable)
            ]
        }
        let isReady = !apps.isEmpty && apps.allSatisfy(\.isReady)
        return [
            condition("PodScheduled", true), condition("ContainersReady", isReady), condition("Ready", isReady),
        ]
    }

    private func condition(_ type: String, _ status: Bool, reason: String? = nil, message: String? = nil) -> JSONValue {
        var fields: JSONObject = [
            "type": .string(type), "status": .string(status ? "True" : "False"),
            "lastTransitionTime": .string(changed.iso8601),
        ]
        if let reason { fields["reason"] = .string(reason) }
        if let message { fields["message"] = .string(message) }
        return .object(fields)
    }

    /// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase
    private var phase: String {
        let policy = spec["restartPolicy"]?.string ?? "Always"
        let apps = containers.filter { !$0.isInit }
        let ends = apps.compactMap { container -> Int? in
            guard case .ended(let end) = container.state, !CrashBackOff.restarts(policy, exitCode: end.exitCode)
            else { return nil }
            return end.exitCode
        }
        if !apps.isEmpty, ends.count == apps.count { return ends.allSatisfy { $0 == 0 } ? "Succeeded" : "Failed" }
        let failedInit = containers.contains { container in
            guard container.isInit, case .ended(let end) = container.state else { return false }
            return end.exitCode != 0 && policy == "Never"
        }
        if failedInit { return "Failed" }
        let hasBegun = apps.contains { container in
            if case .waiting = container.state { return container.restarts > 0 || container.last != nil }
            return true
        }
        return hasBegun ? "Running" : "Pending"
    }
}
