// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// Opens the listeners of a resource once; they live as long as the session.
    func openForwards(_ name: String) {
        guard !isOneShot, let state = resources[name], !state.forwardsOpened,
            let wanted = state.resource.kubernetes?.portForwards, !wanted.isEmpty
        else { return }
        resources[name]?.forwardsOpened = true
        for forward in wanted {
            spawn { await $0.open(forward, for: name) }
        }
    }

    private func open(_ forward: PortForward, for name: String) async {
        if await connection?.ownPort(of: name, forward.containerPort) == forward.localPort {
            // The program itself listens there.
            return opened(forward, at: forward.localPort, for: name)
        }
        var delay = Duration.milliseconds(500)
        while !Task.isCancelled, end == nil {
            do {
                let opened = try await ports.forwards.open(
                    host: forward.host, port: forward.localPort, policy: forward.onBusy
                ) { [weak self] in
                    guard let self else { throw CancellationError() }
                    return try await self.dial(name, forward)
                }
                if end != nil { return await opened.close() }
                forwards.append(opened)
                return self.opened(forward, at: opened.port, for: name)
            } catch {
                let error = (error as? DevloopError) ?? DevloopError(.portInUse, "\(error)")
                var fields: JSONObject = [
                    "address": .string("\(forward.host):\(forward.localPort)"), "message": .string(error.message),
                ]
                if let hint = error.hint { fields["hint"] = .string(hint) }
                journal.record(.forwardFailed, resource: name, fields)
                try? await ports.clock.sleep(delay)
                delay = min(delay * 2, .seconds(10))
            }
        }
    }

    private func opened(_ forward: PortForward, at port: Int, for name: String) {
        var fields: JSONObject = [
            "address": .string("\(forward.host):\(port)"), "port": .int(forward.containerPort ?? forward.localPort),
        ]
        if port != forward.localPort { fields["wanted"] = .int(forward.localPort) }
        journal.record(.forwardOpened, resource: name, fields)
    }

    /// A connection to the newest Pod that is ready; while a rollout goes on, that is one of the generation before, as it
    /// is for a Service. Else to the newest of ours that runs.
    private func dial(_ name: String, _ forward: PortForward) async throws -> any ByteChannel {
        guard let connection, let state = resources[name] else {
            throw DevloopError(.clusterUnreachable, "no cluster yet")
        }
        let current = state.currentPods
        guard
            let pod = current.last(where: \.isReady) ?? state.pods.last(where: { $0.isReady && !$0.isTerminating })
                ?? current.last(where: { $0.containers.contains(where: \.isRunning) })
        else { throw DevloopError(.unhealthy, "\(name) has no running Pod") }
        let ports = pod.containers.filter { $0.role == .app }.flatMap(\.ports).map(\.port)
        let port = forward.containerPort ?? (ports.contains(forward.localPort) ? forward.localPort : ports.first)
        return try await connection.dial(pod: pod, port: port ?? forward.localPort)
    }
}
