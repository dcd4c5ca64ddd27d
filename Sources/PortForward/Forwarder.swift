// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Carries each connection of a local listener to a channel of its own.
package final class Forwarder: Sendable {
    /// Opens the far side of one connection.
    package typealias Dial = @Sendable () async throws -> any ByteChannel

    /// After the client has ended its side, the far side may stay silent this long before the connection ends; a
    /// forwarded port cannot pass on a half-closed connection.
    private static let lingering = Duration.seconds(2)

    private let listener: LocalListener
    private let task: Task<Void, Never>

    package var port: Int { listener.port }

    package init(listener: LocalListener, dial: @escaping Dial) {
        self.listener = listener
        task = Task {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled, let client = await listener.accept() {
                    group.addTask { await Self.carry(client, dial) }
                }
                group.cancelAll()
            }
        }
    }

    /// Closes the port and every connection through it.
    package func close() async {
        listener.close()
        task.cancel()
        await task.value
    }

    private static func carry(_ client: any ByteChannel, _ dial: Dial) async {
        let far: any ByteChannel
        do {
            far = try await dial()
        } catch {
            await client.close()
            return
        }
        await withTaskCancellationHandler {
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    await pump(from: client, to: far)
                    return true
                }
                group.addTask {
                    await pump(from: far, to: client)
                    return false
                }
                // When the far side ends, nothing more can come; when the client ends, an answer may still be on its way.
                if await group.next() == true {
                    group.addTask {
                        try? await Task.sleep(for: lingering)
                        return false
                    }
                    _ = await group.next()
                }
                await client.close()
                await far.close()
                group.cancelAll()
            }
        } onCancel: {
            Task {
                await client.close()
                await far.close()
            }
        }
    }

    private static func pump(from source: any ByteChannel, to sink: any ByteChannel) async {
        do {
            while let bytes = try await source.receive() { try await sink.send(bytes) }
        } catch {
            // Either side broke: the caller closes both.
        }
    }
}
