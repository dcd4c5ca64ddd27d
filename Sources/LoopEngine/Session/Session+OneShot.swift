// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// Ends a one-shot command when all is well or something failed for good.
    func checkOneShot() {
        guard isOneShot, end == nil else { return }
        if !deadlinesStarted { startDeadlines() }
        var allReady = !order.isEmpty
        for name in order {
            guard let state = resources[name] else { continue }
            if !state.isEnabled { continue }
            switch state.status {
            case .ready:
                // The old Pods of a rollout must be gone before the new state is the state.
                if !state.oldPods.isEmpty || !isSteady(state) { allReady = false }
            case .failed where isInGracePeriod(state), .crashing where isInGracePeriod(state): allReady = false
            case .failed(let reason, let hint):
                let failure = state.hardFailure
                if state.isApplied, !state.currentPods.isEmpty, failure == nil, !state.isSyncBroken {
                    allReady = false  // Kubernetes keeps trying, and may succeed.
                } else {
                    return fail(name, reason: reason, hint: hint, failure: failure)
                }
            case .crashing(let reason, let hint):
                return fail(name, reason: reason, hint: hint, failure: state.hardFailure)
            default: allReady = false
            }
        }
        if allReady { stop(.ok) }
    }

    /// How long a container without a readiness check has to run before it is believed: it counts as ready as soon as it
    /// is started, also when it ends at once.
    private static let steadyTime: Duration = .seconds(2)

    private func isSteady(_ state: ResourceState) -> Bool {
        guard state.currentPods.contains(where: { $0.isReady && !$0.isProven }), let since = state.readyAt else {
            return true
        }
        return now - since >= Self.steadyTime
    }

    /// A Pod may fail for a while after its deploy when `ci_settings(k8s_grace_period)` says so.
    private func isInGracePeriod(_ state: ResourceState) -> Bool {
        guard let grace = plan?.settings.ciGracePeriod, grace > 0, let applied = state.appliedAt,
            !state.currentPods.isEmpty
        else { return false }
        return now - applied < .seconds(grace)
    }

    /// Fetches what the container last said, then ends.
    private func fail(_ name: String, reason: String, hint: String?, failure: PodStatus.Failure?) {
        guard !isFailing else { return }
        isFailing = true
        let pods = resources[name]?.currentPods ?? []
        let pod = pods.first { failure != nil && $0.failure == failure } ?? pods.last
        let connection = connection
        spawn { session in
            var text = "\(name): \(reason)"
            if let pod, let container = failure?.container, let connection {
                let lines = await connection.lastLines(pod: pod, container: container, previous: true)
                if !lines.isEmpty { text += "\n" + lines.map { "  \(container) | \($0)" }.joined(separator: "\n") }
            }
            await session.stop(.workFailed, reason: text, hint: hint)
        }
    }

    private func startDeadlines() {
        deadlinesStarted = true
        let settings = plan?.settings ?? PlanSettings()
        let whole = options.timeout ?? (options.mode == .ci ? .seconds(settings.ciTimeout) : .seconds(600))
        let readiness = Duration.seconds(settings.ciReadinessTimeout)
        let start = now
        spawn { session in
            while await session.end == nil, !Task.isCancelled {
                do { try await session.ports.clock.sleep(.milliseconds(250)) } catch { return }
                await session.checkDeadlines(start: start, whole: whole, readiness: readiness)
            }
        }
    }

    private func checkDeadlines(start: ContinuousClock.Instant, whole: Duration, readiness: Duration) {
        // What only time decides.
        checkOneShot()
        guard end == nil else { return }
        let waiting = order.filter { resources[$0]?.status != .ready && resources[$0]?.isEnabled == true }
        let list = waiting.map { name in
            "\(name): \(resources[name]?.status.reason ?? resources[name]?.status.word ?? "")"
        }
        if now - start > whole {
            stop(
                .workFailed,
                reason: "not done after \(whole.milliseconds / 1000) s; waiting for "
                    + list.joined(separator: "; "),
                hint: "give more time with --timeout or ci_settings(timeout=...)")
        } else if let late = waiting.first(where: { name in
            guard let state = resources[name], let applied = state.appliedAt, !state.isTaskRunning else { return false }
            return now - applied > readiness
        }) {
            stop(
                .workFailed,
                reason: "\(late): not ready \(readiness.milliseconds / 1000) s after it was applied: "
                    + (resources[late]?.status.reason ?? "no Pod is ready"),
                hint: "ci_settings(readiness_timeout=...) gives more time")
        }
    }
}
