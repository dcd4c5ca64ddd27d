// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import LoopEngine

/// The Pods and workloads of all resources, put together from several watches, with what Kubernetes has recorded about
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
    private var asked: [String: Set<String>] = [:]
    /// By uid of the Pod and name of the container.
    private var words: [String: [String: String]] = [:]
    private let output: AsyncStream<ClusterUpdate>.Continuation
    /// Pods of our resources, by uid.
    private var pods: [String: JSONValue] = [:]
    /// Pods that selectors bring in, by resource and uid.
    private var selected: [String: [String: JSONValue]] = [:]
    /// Resources whose Pods are the selected ones alone.
    private let onlySelected: Set<String>
    private var workloads: [String: (kind: String, object: JSONValue)] = [:]
    /// By the uid of what they are about, then their own.
    private var events: [String: [String: PodEvent]] = [:]
    /// What a Pod lacks to be scheduled, by uid.
    private var shortages: [String: String] = [:]
    /// What was made of the objects last, by uid.
    private var podStatuses: [String: PodStatus] = [:]
    private var workloadStatuses: [String: WorkloadStatus] = [:]
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

    func set(_ pod: JSONValue, in namespace: String) {
        let uid = Self.uid(pod)
        pods[uid] = pod
        judgePod(uid, pod)
        if synced.contains(namespace) { publishPods() }
    }

    func remove(_ pod: JSONValue, from namespace: String) {
        forget(Self.uid(pod))
        if synced.contains(namespace) { publishPods() }
    }

    func select(_ pod: JSONValue, for resource: String) {
        let uid = Self.uid(pod)
        selected[resource, default: [:]][uid] = pod
        judgePod(uid, pod)
        if !synced.isEmpty { publishPods() }
    }

    func deselect(_ pod: JSONValue, for resource: String) {
        selected[resource]?[Self.uid(pod)] = nil
        if !synced.isEmpty { publishPods() }
    }

    private func forget(_ uid: String) {
        pods[uid] = nil
        shortages[uid] = nil
        words[uid] = nil
        asked[uid] = nil
        podStatuses[uid] = nil
    }

    private func judgePod(_ uid: String, _ pod: JSONValue) {
        var status = PodHealth.status(of: pod, events: recorded(uid), words: words[uid] ?? [:])
        if case .failing(var failure) = status.verdict, failure.code == "Unschedulable", let shortage = shortages[uid] {
            failure.message += " (\(shortage))"
            status.verdict = .failing(failure)
        }
        podStatuses[uid] = status
        ask(uid, pod)
    }

    private func ask(_ uid: String, _ pod: JSONValue) {
        guard let status = podStatuses[uid], let failure = status.failure else { return }
        if failure.code == "Unschedulable" { ask(uid, "shortage", .shortage(pod: pod)) }
        for suspect in PodHealth.suspects(of: pod) { ask(uid, suspect.id, .lastWords(pod: status, suspect)) }
    }

    private func ask(_ uid: String, _ key: String, _ question: Question) {
        if asked[uid, default: []].insert(key).inserted { asking.yield(question) }
    }

    func answer(_ pod: JSONValue, shortage: String) {
        let uid = Self.uid(pod)
        guard podStatuses[uid] != nil else { return }
        shortages[uid] = shortage
        reconsider(uid)
    }

    func answer(_ pod: PodStatus, container: String, words line: String) {
        guard podStatuses[pod.uid] != nil else { return }
        words[pod.uid, default: [:]][container] = line
        reconsider(pod.uid)
    }

    private func publishPods() {
        var groups: [String: [PodStatus]] = [:]
        for uid in pods.keys {
            guard let status = podStatuses[uid] else { continue }
            groups[resource(labelled: status.labels[Renderer.resourceLabel]) ?? "", default: []].append(status)
        }
        for name in onlySelected { groups[name] = nil }
        for (name, others) in selected {
            let known = Set((groups[name] ?? []).map(\.uid))
            groups[name, default: []] += others.keys.filter { !known.contains($0) }.compactMap { podStatuses[$0] }
        }
        output.yield(.pods(groups))
    }

    // MARK: Workloads

    func setWorkload(_ object: JSONValue, kind: String) {
        // One that another owns is told of by its owner.
        guard object.at("metadata", "ownerReferences")?.array?.isEmpty ?? true else { return }
        let uid = Self.uid(object)
        workloads[uid] = (kind, object)
        judgeWorkload(uid)
    }

    func removeWorkload(_ object: JSONValue) {
        let uid = Self.uid(object)
        workloads[uid] = nil
        if workloadStatuses.removeValue(forKey: uid) != nil { publishWorkloads() }
    }

    private func judgeWorkload(_ uid: String) {
        guard let (kind, object) = workloads[uid] else { return }
        let status = WorkloadHealth.status(of: object, kind: kind, events: recorded(uid))
        guard workloadStatuses[uid] != status else { return }
        workloadStatuses[uid] = status
        publishWorkloads()
    }

    private func publishWorkloads() {
        var groups: [String: [WorkloadStatus]] = [:]
        for (uid, workload) in workloads {
            guard let status = workloadStatuses[uid] else { continue }
            groups[resource(of: workload.object) ?? "", default: []].append(status)
        }
        output.yield(.workloads(groups.mapValues { $0.sorted { $0.title < $1.title } }))
    }

    // MARK: Events

    private func recorded(_ uid: String) -> [PodEvent] { (events[uid] ?? [:]).values.sorted { $0.last < $1.last } }

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
        judgeWorkload(uid)
        guard let pod = pods[uid] ?? selected.values.lazy.compactMap({ $0[uid] }).first else { return }
        let before = podStatuses[uid]
        judgePod(uid, pod)
        if podStatuses[uid] != before, !synced.isEmpty { publishPods() }
    }

    private func warn(_ event: JSONValue, about uid: String) {
        let object = event["involvedObject"] ?? .null
        let name = object["name"]?.string ?? ""
        let known = pods[uid].flatMap(resource) ?? (workloads[uid]?.object).flatMap(resource)
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

    private func resource(of object: JSONValue) -> String? {
        resource(labelled: object.at("metadata", "labels", Renderer.resourceLabel)?.string)
    }

    /// The name behind the value of a label, which cannot hold every name.
    private func resource(labelled value: String?) -> String? {
        value.map { value in names.first { ResourceLabel.value(of: $0) == value } ?? value }
    }
}
