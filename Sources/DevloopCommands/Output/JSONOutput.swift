// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// One event a line, as it happens; never throttled, reordered or dropped.
enum JSONOutput {
    /// - Parameter onClosed: called when nobody reads any more.
    static func follow(_ events: AsyncStream<Event>, onClosed: @Sendable () async -> Void) async {
        var isOpen = true
        for await event in events where isOpen {
            isOpen = StandardOutput.write(event.json.jsonText)
            if !isOpen { await onClosed() }
        }
    }
}
