// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import LocalPods
import LoopEngine
import Plan
import ProcessRunner

extension LocalContainer {
    /// A program is asked often at its start, so that it counts as ready when it is, then as its manifest says. The kubelet
    /// cannot ask more often than once a second.
    private static func eager(after time: Duration) -> Duration? {
        if time < .milliseconds(200) { return .milliseconds(1) }
        if time < .seconds(1) { return .milliseconds(3) }
        return time < .seconds(30) ? .milliseconds(100) : nil
    }

    /// Asks the probes of a program for as long as it runs.
    /// - Returns: nil when there is nothing to ask; SIGKILL's status when a probe says that it must end.
    func probe() async throws -> ProcessStatus? {
        let checks = plan.checks
        if let startup = checks.startup {
            guard try await becomesReady(startup, "Startup", mayFail: true) else { return .signalled(SIGKILL) }
        }
        return try await withThrowingTaskGroup(of: ProcessStatus?.self) { group in
            if let readiness = checks.readiness {
                group.addTask {
                    _ = try await self.becomesReady(readiness, "Readiness", mayFail: false)
                    try await self.followReadiness(readiness)
                    return nil
                }
            } else if checks.startup != nil {
                change { $0.isReady = true }
            }
            if let liveness = checks.liveness {
                group.addTask { try await self.followLiveness(liveness) }
            }
            for try await status in group where status != nil {
                group.cancelAll()
                return status
            }
            return nil
        }
    }

    /// Asks until the first success.
    /// - Returns: false when it may fail and has, as often in a row as the probe allows.
    private func becomesReady(_ probe: Probe, _ name: String, mayFail: Bool) async throws -> Bool {
        let start = clock.now()
        var failures = 0
        var lastCounted = start
        while true {
            let port = LocalPort.of(probe.action)
            let isListening = if let port { await LocalPort.accepts(port) } else { true }
            let problem = isListening ? await attempt(probe) : "nobody listens yet"
            try Task.checkCancellation()
            guard let problem else { break }
            let now = clock.now()
            // Failures count as often as a kubelet would look.
            if now - lastCounted >= .seconds(probe.period) {
                lastCounted = now
                if now - start >= .seconds(probe.initialDelay) { failures += 1 }
                note("\(name) probe failed: \(problem)")
                if mayFail, failures >= probe.failureThreshold { return false }
            }
            try await clock.sleep(Self.eager(after: now - start) ?? .seconds(probe.period))
        }
        if name == "Readiness" { change { $0.isReady = true } }
        return true
    }

    private func followReadiness(_ probe: Probe) async throws {
        var record = ProbeRecord(probe)
        while true {
            try await clock.sleep(.seconds(probe.period))
            let problem = await attempt(probe)
            try Task.checkCancellation()
            if let problem { note("Readiness probe failed: \(problem)") }
            switch record.note(isSuccess: problem == nil) {
            case .ready: change { $0.isReady = true }
            case .notReady: change { $0.isReady = false }
            case .open: break
            }
        }
    }

    private func followLiveness(_ probe: Probe) async throws -> ProcessStatus? {
        var record = ProbeRecord(probe)
        try await clock.sleep(.seconds(probe.initialDelay))
        while true {
            try await clock.sleep(.seconds(probe.period))
            let problem = await attempt(probe)
            try Task.checkCancellation()
            if let problem { note("Liveness probe failed: \(problem)") }
            if case .notReady = record.note(isSuccess: problem == nil) { return .signalled(SIGKILL) }
        }
    }

    private func attempt(_ probe: Probe) async -> String? {
        await HostProbe.attempt(
            probe.action, directory: plan.directory, timeout: .seconds(probe.timeout), environment: plan.environment)
    }

    private func note(_ message: String) {
        board.note("Unhealthy", message, container: plan.name, about: pod.identity.uid, at: clock.wall())
    }
}
