// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// The newest truth about the Pods of every resource.
    func podsChanged(_ all: [String: [PodStatus]]) {
        guard end == nil else { return }
        for name in order {
            guard let state = resources[name], state.resource.kubernetes != nil else { continue }
            let pods = (all[name] ?? []).sorted { ($0.created, $0.name) < ($1.created, $1.name) }
            guard pods != state.pods else { continue }
            tell(name, old: state.pods, new: pods)
            let gone = state.pods.filter { old in !pods.contains { $0.uid == old.uid } }
            resources[name]?.pods = pods
            let attachments = resources[name]?.attachments ?? [:]
            reconcileAttachments(name)
            for pod in pods { readLogs(name, pod) }
            for pod in gone { endLogs(of: pod.uid) }
            refresh(name)
            completeSync(name, without: attachments)
            deployWaitingChanges(name)
        }
        // The last old Pod of a rollout may have gone without a change of any status.
        if isOneShot { checkOneShot() }
    }

    /// What the controllers have made of every resource's workloads.
    func workloadsChanged(_ all: [String: [WorkloadStatus]]) {
        guard end == nil else { return }
        for name in order where resources[name]?.resource.kubernetes != nil {
            let workloads = all[name] ?? []
            guard resources[name]?.workloads != workloads else { continue }
            resources[name]?.workloads = workloads
            refresh(name)
        }
        if isOneShot { checkOneShot() }
    }

    private func tell(_ name: String, old: [PodStatus], new: [PodStatus]) {
        for pod in new {
            let before = old.first { $0.uid == pod.uid }
            guard
                before?.word != pod.word || before?.isReady != pod.isReady || before?.restarts != pod.restarts
                    || before?.failure?.message != pod.failure?.message
            else { continue }
            var fields: JSONObject = [
                "pod": .string(pod.name), "phase": .string(pod.word), "ready": .bool(pod.isReady),
                "restarts": .int(pod.restarts),
            ]
            if case .failing(let failure) = pod.verdict {
                fields["reason"] = .string(failure.code)
                fields["message"] = .string(failure.message)
                if let hint = failure.hint { fields["hint"] = .string(hint) }
                if let container = failure.container { fields["container"] = .string(container) }
                if let code = failure.exitCode { fields["exit_code"] = .int(code) }
            }
            if let since = pod.since { fields["since"] = .string(since) }
            journal.record(.podChanged, resource: name, fields)
        }
        for pod in old where !new.contains(where: { $0.uid == pod.uid }) {
            journal.record(
                .podChanged, resource: name,
                ["pod": .string(pod.name), "phase": "Gone", "ready": false, "restarts": .int(pod.restarts)])
        }
    }

    /// Derives the resource's status from its Pods, where nothing else is going on.
    func refresh(_ name: String) {
        guard let state = resources[name], state.isApplied, !state.isTaskRunning, !state.needsDeploy else { return }
        if isBuildFirst(name) { return }
        if let standing = state.standing { return set(standing, for: name) }
        let status = state.podStatus
        set(status, for: name)
        if status == .ready, state.oldPods.isEmpty, !state.stages.isEmpty {
            var stages = state.stages
            if let appliedAt = state.appliedAt { stages.append(("rollout", (now - appliedAt).milliseconds)) }
            resources[name]?.stages = []
            served(name, way: "image", stages: stages)
        }
    }

    /// While a build of its program runs or stands failed, that is what the user has to know of a resource first, whatever
    /// else comes into its containers meanwhile.
    func isBuildFirst(_ name: String) -> Bool {
        guard let state = resources[name] else { return false }
        return state.resource.kubernetes?.images.contains { ref in
            guard let image = images[ref], let package = image.image.swift?.package, let queue = packages[package]
            else { return false }
            if queue.running?.products.contains(image.product) == true { return true }
            if case .failed = state.status { return queue.failure != nil }
            return false
        } ?? false
    }

    /// Reads the log of each run of each container once, from its start to its end. One that was over before devloop saw it
    /// comes first, as far as the node still has it.
    private func readLogs(_ name: String, _ pod: PodStatus) {
        guard let connection else { return }
        for container in pod.containers {
            let runs = [container.previous, container.id].compactMap { $0 }.filter {
                !$0.isEmpty && logged.insert($0).inserted
            }
            guard !runs.isEmpty else { continue }
            let key = "\(pod.uid)/\(container.name)"
            if logReaders[key] == nil {
                let (ids, continuation) = AsyncStream.makeStream(of: String.self)
                logReaders[key] = LogReader(pod: pod.uid, runs: continuation)
                spawn { session in
                    do {
                        for try await line in connection.logs(pod: pod, container: container.name, runs: ids) {
                            session.log(name, pod: pod.name, container: container.name, line)
                        }
                    } catch {
                        // A log that cannot be read is no reason to disturb: the Pod's own state is told elsewhere.
                    }
                }
            }
            for run in runs { logReaders[key]?.runs.yield(run) }
        }
    }

    /// No container of the Pod is started any more.
    private func endLogs(of uid: String) {
        for (key, reader) in logReaders where reader.pod == uid {
            reader.runs.finish()
            logReaders[key] = nil
        }
    }
}
