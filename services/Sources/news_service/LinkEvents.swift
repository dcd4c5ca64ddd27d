// SPDX-License-Identifier: Apache-2.0

import Bus
import NewsCore
import ObjectModel
import ServiceKit
import Wire

/// Takes what happens to links from the bus and puts it into the feeds.
struct LinkEvents: Sendable {
    let bus: any MessageBus
    let manager: NewsManager
    let log: ServiceLog

    /// Works until it is cancelled.
    func run() async {
        do {
            for await message in try await bus.messages(on: Subject.linkEvents, queue: Subject.queue) {
                await take(message)
            }
        } catch {
            log.note("no events of links", ["reason": .string("\(error)")])
        }
    }

    /// A message that is none of ours, and a store that is away, must not end the rest.
    private func take(_ message: [UInt8]) async {
        do {
            try await manager.take(LinkEvent(body: message))
        } catch {
            log.note("an event was dropped", ["reason": .string("\(error)")])
        }
    }
}
