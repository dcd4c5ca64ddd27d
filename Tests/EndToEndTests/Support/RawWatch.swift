// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Glibc
import KubeClient
import Synchronization

/// Watches a namespace beside devloop, to tell when the API server itself has said something first.
final class RawWatch: Sendable {
    /// A Pod with what was recorded about it, when its code was first true.
    struct Sighting: Sendable {
        /// Since 1970.
        var time: Duration
        var pod: JSONValue
        var events: [JSONValue]
    }

    private struct State {
        var pods: [String: JSONValue] = [:]
        var events: [String: [String: JSONValue]] = [:]
        /// By name of the Pod and code.
        var sightings: [String: Sighting] = [:]
    }

    private let state = Mutex(State())

    /// Follows until the task is cancelled.
    func follow(_ client: KubeClient, _ namespace: String) async {
        await withDiscardingTaskGroup { group in
            for resource in [APIResource.pods, .events] {
                group.addTask {
                    for await event in client.follow(resource, namespace: namespace) {
                        switch event {
                        case .added(let object), .modified(let object): self.note(object, isPod: resource == .pods)
                        default: break
                        }
                    }
                }
            }
        }
    }

    private static func now() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    func sighting(_ pod: String, _ code: String) -> Sighting? { state.withLock { $0.sightings["\(pod) \(code)"] } }

    private func note(_ object: JSONValue, isPod: Bool) {
        let uid = object.at("metadata", "uid")?.string ?? ""
        state.withLock { state in
            let podID: String
            if isPod {
                podID = uid
                state.pods[uid] = object
            } else {
                podID = object.at("involvedObject", "uid")?.string ?? ""
                state.events[podID, default: [:]][uid] = object
            }
            guard let pod = state.pods[podID] else { return }
            let events = Array((state.events[podID] ?? [:]).values)
            let status = PodHealth.status(of: pod, events: events.map { PodEvent($0) })
            let key = "\(status.name) \(status.failure?.code ?? status.word)"
            if state.sightings[key] == nil {
                state.sightings[key] = Sighting(time: Self.now(), pod: pod, events: events)
            }
        }
    }
}
