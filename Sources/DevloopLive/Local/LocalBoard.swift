// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import LocalPods
import LoopEngine
import Synchronization

/// The Pods of this machine, told to whoever observes them.
final class LocalBoard: Sendable {
    private struct Pod {
        var resource: String
        var record: PodRecord
        var events: [PodEvent] = []
        var advice: [String: (message: String?, hint: String)]

        var status: PodStatus {
            var status = PodHealth.status(of: record.json(annotation: Renderer.generationAnnotation), events: events)
            guard case .failing(var failure) = status.verdict, let advice = advice[failure.code] else { return status }
            failure.message = advice.message ?? failure.message
            failure.hint = advice.hint
            // Nothing here tries again by itself.
            failure.mayHeal = false
            status.verdict = .failing(failure)
            return status
        }
    }

    private struct State {
        var pods: [String: Pod] = [:]
        var observers: [Int: AsyncStream<ClusterUpdate>.Continuation] = [:]
        var lastObserver = 0

        var update: ClusterUpdate {
            var groups: [String: [PodStatus]] = [:]
            for pod in pods.values { groups[pod.resource, default: []].append(pod.status) }
            return .pods(groups)
        }

        func publish() {
            let update = update
            for observer in observers.values { observer.yield(update) }
        }
    }

    private let state = Mutex(State())

    func observe() -> AsyncStream<ClusterUpdate> {
        let (stream, continuation) = AsyncStream.makeStream(of: ClusterUpdate.self)
        let number = state.withLock { state in
            state.lastObserver += 1
            state.observers[state.lastObserver] = continuation
            continuation.yield(state.update)
            return state.lastObserver
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.observers.removeValue(forKey: number) }
        }
        return stream
    }

    func add(_ record: PodRecord, of resource: String, advice: [String: (message: String?, hint: String)]) {
        state.withLock { state in
            state.pods[record.identity.uid] = Pod(resource: resource, record: record, advice: advice)
            state.publish()
        }
    }

    func remove(_ uid: String) {
        state.withLock { state in
            state.pods[uid] = nil
            state.publish()
        }
    }

    /// Changes what is known of a Pod.
    func change(_ uid: String, at time: WallTime, _ body: (inout PodRecord) -> Void) {
        state.withLock { state in
            guard var pod = state.pods[uid] else { return }
            body(&pod.record)
            pod.record.changed = time
            state.pods[uid] = pod
            state.publish()
        }
    }

    /// Notes what a kubelet would record, such as a probe that fails; the newest of its kind counts.
    /// - Parameter container: nil when it is about the whole Pod.
    func note(_ reason: String, _ message: String, container: String?, about uid: String, at time: WallTime) {
        let event = PodEvent(
            reason: reason, message: message, container: container, last: String(time.iso8601.prefix(19)))
        state.withLock { state in
            guard var pod = state.pods[uid] else { return }
            let before = pod.status
            let word = event.message.prefix { $0 != ":" }
            pod.events.removeAll { $0.container == event.container && $0.message.hasPrefix(word) }
            pod.events.append(event)
            state.pods[uid] = pod
            if pod.status != before { state.publish() }
        }
    }
}
