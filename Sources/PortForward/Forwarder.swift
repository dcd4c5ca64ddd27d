// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Carries each connection of local listeners to a channel of its own.
package final class Forwarder: Sendable {
    /// Opens the far side of one connection. A channel whose far end nobody takes throws `unhealthy` when it is read.
    package typealias Dial = @Sendable () async throws -> any ByteChannel

    private let listeners: [LocalListener]
    private let task: Task<Void, Never>

    /// The port of all listeners.
    package let port: Int

    package convenience init(
        listener: LocalListener, patience: ForwardPatience = ForwardPatience(), dial: @escaping Dial
    ) {
        self.init(listeners: [listener], patience: patience, dial: dial)
    }

    /// - Parameter listeners: At least one; several addresses of one port.
    package init(
        listeners: [LocalListener], patience: ForwardPatience = ForwardPatience(), dial: @escaping Dial
    ) {
        self.listeners = listeners
        port = listeners.first?.port ?? 0
        task = Task {
            await withDiscardingTaskGroup { group in
                for listener in listeners {
                    group.addTask {
                        await withDiscardingTaskGroup { connections in
                            while !Task.isCancelled, let client = await listener.accept() {
                                connections.addTask {
                                    await ForwardedConnection(client, dial: dial, patience: patience).run()
                                }
                            }
                            connections.cancelAll()
                        }
                    }
                }
            }
        }
    }

    /// Closes the port and every connection through it.
    package func close() async {
        for listener in listeners { listener.close() }
        task.cancel()
        await task.value
    }
}
