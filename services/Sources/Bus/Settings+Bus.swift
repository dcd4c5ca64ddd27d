// SPDX-License-Identifier: Apache-2.0

package import ObjectModel
package import ServiceKit
import Wire

extension Settings {
    /// As NATS has it.
    private static let natsPort = 4_222

    /// The bus at `NATS_CLUSTER_SERVICE_HOST`, with or without a scheme, and `…_PORT`; for a Pod that is older than the
    /// Service, at `NATS_CLUSTER_FALLBACK_HOST`. `nil` if no host is set, which means that there are no events. It connects when it is first used, and goes on trying.
    ///
    /// - Parameters:
    ///   - given: taken instead, if there is one.
    ///   - name: this service, as the server shows it.
    package func bus(
        _ given: (any MessageBus)?, name: String, log: ServiceLog
    ) throws(DomainError) -> (any MessageBus)? {
        if let given { return given }
        guard let host = self["NATS_CLUSTER_SERVICE_HOST"] ?? self["NATS_CLUSTER_FALLBACK_HOST"] else { return nil }
        let port = try port("NATS_CLUSTER_SERVICE_PORT", default: Self.natsPort)
        let bare = host.hasPrefix("nats://") ? String(host.dropFirst("nats://".count)) : host
        let address = "\(bare):\(port)"
        return NatsBus(address: address, name: name) { event in
            log.note("bus: \(event)", ["address": .string(address)])
        }
    }
}
