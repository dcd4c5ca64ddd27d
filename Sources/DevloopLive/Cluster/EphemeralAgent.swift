// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient
import LoopEngine

/// Brings an agent beside a running container of a Pod that devloop does not render.
struct EphemeralAgent {
    let client: KubeClient
    /// How long the runtime may take to start it.
    var limit = Duration.seconds(60)

    /// Finds the one that runs for the container, or adds one and waits for it.
    /// - Parameter image: brings the agent's image to the node, and gives its reference.
    /// - Returns: name of the ephemeral container.
    /// - Throws: `DevloopError` with code sync-impossible and the reason; errors of the server.
    func start(
        in pod: PodStatus, beside container: String, image: () async throws -> String
    ) async throws -> String {
        var found = try await client.get(.pods, name: pod.name, namespace: pod.namespace)
        let name: String
        switch try EphemeralContainer.find(in: found, beside: container) {
        case .running(let known): return known
        case .starting(let known): name = known
        case .absent(let next):
            name = next
            let patch = try EphemeralContainer.patch(next, image: try await image(), in: found, beside: container)
            do {
                found = try await client.patch(
                    .pods, name: pod.name, namespace: pod.namespace, kind: .strategic, patch,
                    subresource: "ephemeralcontainers")
            } catch  where error.kubeFailure?.isNotFound == true {
                throw DevloopError(
                    .syncImpossible, "the server has no ephemeral containers for \(pod.name)", hint: ContainerWay.hint)
            }
        }
        let clock = ContinuousClock()
        let end = clock.now + limit
        while true {
            if case .running(name)? = try? EphemeralContainer.find(in: found, beside: container) { return name }
            if let failure = EphemeralContainer.failure(name, in: found) { throw failure }
            guard clock.now < end else {
                throw DevloopError(
                    .syncImpossible, "the ephemeral container \(name) of \(pod.name) did not run within \(limit)",
                    hint: "kubectl describe pod \(pod.name)")
            }
            try await clock.sleep(for: .milliseconds(200))
            found = try await client.get(.pods, name: pod.name, namespace: pod.namespace)
        }
    }
}
