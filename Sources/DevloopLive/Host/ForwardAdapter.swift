// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import PortForward

/// Opens local ports.
struct ForwardAdapter: ForwardPort {
    /// Ports tried above a busy one before any free one is taken.
    private static let neighbours = 10

    func open(
        host: String, port: Int, policy: PortForward.BusyPolicy,
        dial: @escaping @Sendable () async throws -> any ByteChannel
    ) async throws -> any OpenForward {
        let listeners: [LocalListener]
        do {
            listeners = try LocalListener.all(host: host, port: port)
        } catch {
            guard policy == .move else { throw error }
            listeners = try Self.free(host: host, above: port)
        }
        return Forward(forwarder: Forwarder(listeners: listeners, dial: dial))
    }

    private static func free(host: String, above port: Int) throws(DevloopError) -> [LocalListener] {
        for candidate in (port + 1)...(port + neighbours) where candidate <= 65_535 {
            if let listeners = try? LocalListener.all(host: host, port: candidate) { return listeners }
        }
        return try LocalListener.all(host: host, port: 0)
    }

    private struct Forward: OpenForward {
        let forwarder: Forwarder
        var port: Int { forwarder.port }
        func close() async { await forwarder.close() }
    }
}
