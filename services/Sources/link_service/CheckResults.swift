// SPDX-License-Identifier: Apache-2.0

import Bus
import LinkCore
import ObjectModel
import ServiceKit
import Wire

/// Takes what the checker found out from the bus and puts it into the store.
struct CheckResults: Sendable {
    let bus: any MessageBus
    let manager: LinkManager
    let log: ServiceLog

    /// Works until it is cancelled.
    func run() async {
        do {
            for await message in try await bus.messages(on: Subject.linkChecks, queue: Subject.queue) {
                await take(message)
            }
        } catch {
            log.note("no results of checks", ["reason": .string("\(error)")])
        }
    }

    /// A message that is none of ours, and a store that is away, must not end the rest.
    private func take(_ message: [UInt8]) async {
        do {
            try await manager.take(LinkCheck(body: message))
        } catch {
            log.note("a check's result was dropped", ["reason": .string("\(error)")])
        }
    }
}
