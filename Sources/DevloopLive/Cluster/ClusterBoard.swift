// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import LoopEngine

/// The Pods, workloads and custom resources of all resources, put together from several watches, with what Kubernetes has recorded about
/// them.
actor ClusterBoard {
    /// Something that no object tells, and that the cluster has to be asked for.
    enum Question: Sendable {
        /// What a Pod lacks on every node.
        case shortage(pod: JSONValue)
        /// What a container wrote last.
        case lastWords(pod: PodStatus, PodHealth.Suspect)
    }

    /// Each is asked once.
    nonisolated let questions: AsyncStream<Question>
    private let asking: AsyncStream<Question>.Continuation
    private let output: AsyncStream<ClusterUpdate>.Continuation

    /// What is known of one Pod.
    private struct Pod {
        var object: JSONValue
        /// What was made of it last.
        var status: PodStatus
        /// It has the label of one of our resources.
        var isLabelled = false
        /// Resources whose selectors bring it in.
        var resources: Set<String> = []
        var asked: Set<String> = []
        /// What it lacks to be scheduled.
        var shortage: String?
        /// The last line of containers, by name.
        var words: [String: String] = [:]
    }

    /// By uid.
    private var pods: [String: Pod] = [:]
    /// Resources whose Pods are the selected ones alone.
    private let onlySelected: Set<String>
    private var workloads: [String: (kind: String, object: JSONValue, status: WorkloadStatus)] = [:]
    /// By the uid of what they are about, then their own.
    private var events: [String: [String: PodEvent]] = [:]
    /// Namespaces whose Pods are all known.
    private var synced: Set<String> = []
    private let names: [String]

    /// - Parameters:
    ///   - names: of all resources.
    ///   - onlySelected: resources that Pods belong to by their selectors alone.
    init(_ output: AsyncStream<ClusterUpdate>.Continuation, names: [String], onlySelected: Set<String>) {
        (questions, asking) = AsyncStream.makeStream(of: Question.self)
        self.output = output
        self.names = names
        self.onlySelected = onlySelected
    }

    func connected() { output.yield(.connected) }

    func disconnected(_ error: DevloopError) { output.yield(.disconnected(error)) }

    func synced(_ namespace: String) {
        synced.insert(namespace)
        publishPods()
    }

    // MARK: Pods

    func set(_ object: JSONValue, in namespace: String) {
        take(object) { $0.isLabelled = true }
        if synced.contains(namespace) { publishPods() }
    }

    func remove(_ object: JSONValue, from namespace: String) {
        leave(object) { $0.isLabelled = false }
        if synced.contains(namespace) { publishPods() }
    }

    func select(_ object: JSONValue, for resource: String) {
        take(object) { $0.resources.insert(resource) }
        if !synced.isEmpty { publishPods() }
    }

    func deselect(_ object: JSONValue, for resource: String) {
        leave(object) { $0.resources.remove(resource) }
        if !synced.isEmpty { publishPods() }
    }

    private func take(_ object: JSONValue, _ change: (inout Pod) -> Void) {
        let uid = Self.uid(object)
        var pod = pods[uid] ?? Pod(object: object, status: PodHealth.status(of: object))
        pod.object = object
        change(&pod)
        pods[uid] = pod
        judgePod(uid)
    }

    /// Forgets a Pod with the last who is interested in it.
    private func leave(_ object: JSONValue, _ change: (inout Pod) -> Void) {
        let uid = Self.uid(object)
        guard var pod = pods[uid] else { return }
        change(&pod)
        pods[uid] = pod.isLabelled || !pod.resources.isEmpty ? pod : nil
    }

    /// - Returns: whether it has changed what is to be believed.
    @discardableResult
    private func judgePod(_ uid: String) -> Bool {
        guard var pod = pods[uid] else { return false }
        var status = PodHealth.status(of: pod.object, events: recorded(uid), words: pod.words)
        if case .failing(var failure) = status.verdict, failure.code == "Unschedulable", let shortage = pod.shortage {
            failure.message += " (\(shortage))"
            status.verdict = .failing(failure)
        }
        let isNews = pod.status != status
        pod.status = status
        ask(&pod)
        pods[uid] = pod
        return isNews
    }

    private func ask(_ pod: inout Pod) {
        guard let failure = pod.status.failure else { return }
        if failure.code == "Unschedulable", pod.asked.insert("shortage").inserted {
            asking.yield(.shortage(pod: pod.object))
        }
        for suspect in PodHealth.suspects(of: pod.object) where pod.asked.insert(suspect.id).inserted {
            asking.yield(.lastWords(pod: pod.status, suspect))
        }
    }

    func answer(_ pod: JSONValue, shortage: String) {
        let uid = Self.uid(pod)
        pods[uid]?.shortage = shortage
        reconsider(uid)
    }

    func answer(_ pod: PodStatus, container: String, words line: String) {
        pods[pod.uid]?.words[container] = line
        reconsider(pod.uid)
    }

    private func publishPods() {
        var groups: [String: [PodStatus]] = [:]
        for pod in pods.values {
            var owners = pod.resources
            if pod.isLabelled {
                let owner = resource(of: pod.object) ?? ""
                if !onlySelected.contains(owner) { owners.insert(owner) }
            }
            for owner in owners { groups[owner, default: []].append(pod.status) }
        }
        output.yield(.pods(groups))
    }

    // MARK: Workloads

    func setWorkload(_ object: JSONValue, kind: String) {
        // One that another owns is told of by its owner.
        guard object.at("metadata", "ownerReferences")?.array?.isEmpty ?? true else { return }
        judgeWorkload(Self.uid(object), object, kind)
    }

    func removeWorkload(_ object: JSONValue) {
        if workloads.removeValue(forKey: Self.uid(object)) != nil { publishWorkloads() }
    }

    private func judgeWorkload(_ uid: String, _ object: JSONValue, _ kind: String) {
        let status = WorkloadHealth.status(of: object, kind: kind, events: recorded(uid))
        let isNews = workloads[uid]?.status != status
        workloads[uid] = (kind, object, status)
        if isNews { publishWorkloads() }
    }

    private func publishWorkloads() {
        var groups: [String: [WorkloadStatus]] = [:]
        for workload in workloads.values {
            groups[resource(of: workload.object) ?? "", default: []].append(workload.status)
        }
        output.yield(.workloads(groups.mapValues { $0.sorted { $0.title < $1.title } }))
    }

    // MARK: Events

    private func recorded(_ uid: String) -> [PodEvent] { Array((events[uid] ?? [:]).values) }

    /// - Parameter isNews: false for what was recorded before this session.
    func record(_ event: JSONValue, isNews: Bool) {
        let uid = event.at("involvedObject", "uid")?.string ?? ""
        events[uid, default: [:]][Self.uid(event)] = PodEvent(event)
        reconsider(uid)
        if isNews { warn(event, about: uid) }
    }

    func forgetEvent(_ event: JSONValue) {
        let uid = event.at("involvedObject", "uid")?.string ?? ""
        events[uid]?[Self.uid(event)] = nil
        if events[uid]?.isEmpty == true { events[uid] = nil }
        reconsider(uid)
    }

    private func reconsider(_ uid: String) {
        if let workload = workloads[uid] { judgeWorkload(uid, workload.object, workload.kind) }
        if judgePod(uid), !synced.isEmpty { publishPods() }
    }

    private func warn(_ event: JSONValue, about uid: String) {
        let object = event["involvedObject"] ?? .null
        let name = object["name"]?.string ?? ""
        let known = (pods[uid]?.object ?? workloads[uid]?.object).flatMap(resource)
        guard
            let resource = known
                ?? names.filter({ name == $0 || name.hasPrefix("\($0)-") }).max(by: { $0.count < $1.count })
        else { return }
        output.yield(
            .warning(
                ClusterWarning(
                    resource: resource, object: "\(object["kind"]?.string?.lowercased() ?? "object")/\(name)",
                    reason: event["reason"]?.string ?? "", message: event["message"]?.string ?? "",
                    count: event["count"]?.int ?? 1)))
    }

    private static func uid(_ object: JSONValue) -> String { object.at("metadata", "uid")?.string ?? "" }

    /// The name behind the value of the label, which cannot hold every name.
    private func resource(of object: JSONValue) -> String? {
        let value = object.at("metadata", "labels", Renderer.resourceLabel)?.string
        return value.map { value in names.first { ResourceLabel.value(of: $0) == value } ?? value }
    }
}
