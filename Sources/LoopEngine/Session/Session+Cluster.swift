// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// Looks for the cluster until it is found; what cannot mend by itself waits for a save (design §4.1).
    func connect() {
        guard connecting == nil, connection == nil, let settings = plan?.settings else { return }
        connecting = spawn { await $0.connectLoop(settings) }
    }

    private func connectLoop(_ settings: PlanSettings) async {
        defer { connecting = nil }
        var delay = Duration.milliseconds(500)
        while end == nil, !Task.isCancelled {
            do {
                let found = try await ports.cluster.connect(settings)
                connection = found
                if let plan { found.take(plan) }
                tellConnection(found.info)
                // What an earlier session applied and the spec has no more.
                if options.names.isEmpty { await prune() }
                restartObservation()
                advanceAll()
                return
            } catch {
                let error = (error as? DevloopError) ?? DevloopError(.clusterUnreachable, "\(error)")
                var fields = Self.fields(error)
                if isOneShot {
                    journal.record(.clusterFailed, fields)
                    stop(error.code.exit, reason: error.description, hint: error.hint)
                    return
                }
                let isBusy = error.code == .sessionBusy
                let retries = isBusy || error.code == .clusterUnreachable || error.code == .clusterRefused
                fields["waiting"] =
                    retries ? .string("tried again in \(delay.milliseconds) ms") : "a save of the file concerned"
                journal.record(.clusterFailed, fields)
                for name in order where resources[name]?.resource.kubernetes != nil {
                    set(.held(isBusy ? error.message : "no cluster: \(error.message)"), for: name)
                }
                guard retries else {
                    await updateWatch()
                    return
                }
                try? await ports.clock.sleep(delay)
                delay = min(delay * 2, .seconds(10))
            }
        }
    }

    private func tellConnection(_ info: ClusterInfo) {
        journal.record(
            .clusterConnected,
            [
                "context": .string(info.context), "namespace": .string(info.namespace),
                "server": .string(info.server), "runtime": .string(info.runtime),
                "architecture": .string(info.architecture), "delivery": .string(info.delivery),
            ])
    }

    /// Follows the Pods of the plan's resources; called again when the plan changes.
    func restartObservation() {
        guard let connection, let plan else { return }
        observing?.cancel()
        let updates = connection.observe(plan.resources.filter { $0.kubernetes != nil }.map(observed))
        observing = spawn { session in
            for await update in updates {
                if Task.isCancelled { return }
                await session.handle(update)
            }
        }
    }

    private func handle(_ update: ClusterUpdate) {
        switch update {
        case .pods(let pods): podsChanged(pods)
        case .workloads(let workloads): workloadsChanged(workloads)
        case .warning(let warning):
            // Kubernetes repeats itself; what it says anew is told.
            let words = "\(warning.object) \(warning.reason) \(warning.message)"
            guard toldWarnings.insert(words).inserted else { return }
            journal.record(
                .podWarned, resource: warning.resource,
                [
                    "object": .string(warning.object), "reason": .string(warning.reason),
                    "message": .string(warning.message), "count": .int(warning.count),
                ])
        case .connected:
            // Watches open all the time; it is news only after they could not.
            guard toldTrouble != nil, let connection else { return }
            toldTrouble = nil
            tellConnection(connection.info)
            spawn { await $0.checkIdentity(connection) }
        case .disconnected(let error):
            // Tried again every few seconds: the same words once are enough.
            guard toldTrouble != error.message else { return }
            toldTrouble = error.message
            var fields = Self.fields(error)
            fields["waiting"] = "tried again"
            journal.record(.clusterFailed, fields)
        }
    }
}
