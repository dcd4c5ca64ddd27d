// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import Wire

/// The link checker's part of the wire: POST `/` with a user and an address, and the answer when it has been looked at.
/// What was found goes over the bus, not into the answer.
struct CheckerRoutes: Sendable {
    /// The status of an address.
    let look: @Sendable (String) async throws -> LinkStatus
    let publish: @Sendable (LinkCheck) async throws -> Void
    let log: ServiceLog

    var all: [Route] { [Route("POST", "/") { call in await check(call) }] }

    private func check(_ call: Call) async -> Reply {
        let request: CheckRequest
        do {
            request = try CheckRequest(body: call.body)
        } catch {
            return .line("\(error)", status: 400)
        }
        guard !request.url.isEmpty else { return .line("the URL can't be empty", status: 400) }
        guard !request.username.isEmpty else { return .line("the user name can't be empty", status: 400) }
        let check: LinkCheck
        do {
            check = LinkCheck(username: request.username, url: request.url, status: try await look(request.url))
        } catch {
            return .line("\(error)", status: 503)
        }
        log.note("checked", ["url": .string(check.url), "status": .string(check.status.rawValue)])
        do {
            try await publish(check)
        } catch {
            log.note("the result was not published", ["url": .string(check.url), "reason": .string("\(error)")])
            return .line("the result was not published", status: 503)
        }
        return .text("")
    }
}
