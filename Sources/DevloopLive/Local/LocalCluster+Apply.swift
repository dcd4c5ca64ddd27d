// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LocalPods
import LoopEngine
import Plan

extension LocalCluster {
    /// Kinds that make sense without a cluster: programs read them, or find others by them.
    private static let used: Set<String> = ["ConfigMap", "Secret", "Service"]

    func apply(_ work: ApplyWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws -> ApplyResult {
        let refused = network.configuration().refused
        var generations: Set<String> = []
        for object in work.objects {
            if let error = refused[object.shortName] {
                onEvent(.failed(object: object, error: error))
                throw error
            }
            if let workload = LocalWorkload(object, namespace: network.namespace) {
                generations.insert(try await run(workload, work, onEvent))
            } else {
                let isUsed = Self.used.contains(object.kind) && object.apiVersion == "v1"
                onEvent(
                    .applied(
                        object: object.shortName, result: isUsed ? "used" : "ignored",
                        reason: object.kind == "CronJob" ? "local mode runs nothing by the clock" : nil))
            }
        }
        return ApplyResult(generations: generations)
    }

    private func run(
        _ workload: LocalWorkload, _ work: ApplyWork, _ onEvent: @escaping @Sendable (ApplyNotice) -> Void
    ) async throws -> String {
        let key = LocalNetwork.key(workload)
        let isJob = workload.object.kind == "Job"
        if let pod = pods[key], !(isJob && work.isForced) {
            let wanted = LocalPodMaker.generation(of: workload, work, programs)
            // What could not be configured before is tried again: what it missed may be there now.
            let isBlocked = pod.plan.volumes.problem != nil || pod.plan.containers.contains { $0.problem != nil }
            if pod.plan.generation == wanted, !isBlocked {
                applied[key] = (workload, work)
                onEvent(.applied(object: workload.object.shortName, result: "unchanged"))
                return wanted
            }
        }
        return try await replace(key, workload, work, onEvent)
    }

    /// Ends the Pod of a workload, and starts a new one.
    /// - Returns: its generation.
    @discardableResult
    func replace(
        _ key: String, _ workload: LocalWorkload, _ work: ApplyWork,
        _ onEvent: @escaping @Sendable (ApplyNotice) -> Void
    ) async throws -> String {
        let isFirst = pods[key] == nil
        await endPod(key)
        try Task.checkCancellation()
        let number = (numbers[key] ?? 0) + 1
        numbers[key] = number
        lastUID += 1
        let store = await configuration(for: workload)
        let plan = await maker(store).plan(workload, work, number: number, uid: "\(folder.name)-\(lastUID)")
        for remark in plan.remarks { onEvent(.remark(remark)) }
        let pod = LocalPod(plan, board: board, logs: logs, digests: digests, clock: clock, files: files)
        // Somebody else may have started one meanwhile; between the look and the entry nobody comes.
        while pods[key] != nil { await endPod(key) }
        try Task.checkCancellation()
        pods[key] = pod
        applied[key] = (workload, work)
        await pod.start()
        onEvent(.applied(object: workload.object.shortName, result: isFirst ? "created" : "configured"))
        return plan.generation
    }

    private func maker(_ store: ConfigurationStore) async -> LocalPodMaker {
        var services = network.services()
        if let outside { services.entries += await outside.services() }
        return LocalPodMaker(
            network: network, store: store, services: services, programs: programs, state: folder.path,
            backtracer: link.backtracer)
    }

    /// What the plan has, and what only the cluster has that the workload names.
    private func configuration(for workload: LocalWorkload) async -> ConfigurationStore {
        var store = network.configuration().store
        guard let outside else { return store }
        for (kind, name) in workload.configurationNames
        where store.values(kind, name, in: workload.namespace) == nil {
            guard let object = await outside.configuration(kind, name, in: workload.namespace) else { continue }
            try? store.add(object, namespace: workload.namespace)
        }
        return store
    }

    func delete(_ objects: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        for object in objects {
            guard let workload = LocalWorkload(object, namespace: network.namespace) else { continue }
            await end(LocalNetwork.key(workload), object.shortName, onEvent)
        }
    }

    func prune(keeping: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        let kept = Set(
            keeping.compactMap { LocalWorkload($0, namespace: network.namespace) }.map { LocalNetwork.key($0) })
        for (key, pod) in pods where !kept.contains(key) {
            await end(key, pod.plan.workload.object.shortName, onEvent)
        }
    }

    private func end(
        _ key: String, _ object: String, _ onEvent: @escaping @Sendable (ApplyNotice) -> Void
    ) async {
        guard pods[key] != nil else { return }
        applied[key] = nil
        await endPod(key)
        onEvent(.pruned(object: object))
    }

    /// Ends the Pod of a workload, if it has one, and waits until its programs are gone.
    func endPod(_ key: String) async {
        if let pod = pods.removeValue(forKey: key) {
            let previous = ending[key]
            ending[key] = Task {
                await previous?.value
                await pod.stop()
            }
        }
        await ending[key]?.value
    }
}
