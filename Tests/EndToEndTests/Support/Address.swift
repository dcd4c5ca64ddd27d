// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport

/// What an address on this machine answers.
enum Address {
    /// The body of a path; nil when nobody answers. A connection of its own each time, as `curl` has it.
    static func get(_ address: String, _ path: String = "/") async -> String? {
        guard let client = try? HTTPClient() else { return nil }
        var request = HTTPRequest("http://\(address)\(path)")
        request.deadline = .seconds(5)
        guard let response = try? await client.send(request), response.status == 200 else { return nil }
        return String(response.text.reversed().drop { $0.isNewline }.reversed())
    }

    /// Asks until the answer holds the text.
    static func answers(_ address: String, _ text: String, deadline: Duration = .seconds(30)) async -> Bool {
        await poll(deadline: deadline, every: .milliseconds(20)) { await get(address)?.contains(text) == true }
    }
}
