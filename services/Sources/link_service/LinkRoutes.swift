// SPDX-License-Identifier: Apache-2.0

import LinkCore
import ObjectModel
import ServiceKit
import Wire

/// The link service's part of the wire: every refusal is 500 with the bare words.
struct LinkRoutes: Sendable {
    let manager: LinkManager
    let log: ServiceLog
    let metrics = LinkMetrics()

    var all: [Route] {
        [
            Route("GET", "/links") { call in
                await answer(.getLinks) { try await links(GetLinksRequest(query: call.query)) }
            },
            Route("POST", "/links") { call in
                await answer(.addLink) {
                    try await manager.add(AddLinkRequest(body: call.body))
                    return done
                }
            },
            Route("PUT", "/links") { call in
                await answer(.updateLink) {
                    try await manager.update(UpdateLinkRequest(body: call.body))
                    return done
                }
            },
            Route("DELETE", "/links") { call in
                await answer(.deleteLink) {
                    try await manager.delete(url: call.query["url"], of: call.query["username"])
                    return done
                }
            },
            Route("GET", "/metrics") { _ in .text(metrics.text) },
        ]
    }

    private var done: JSON { ["err": ""] }

    /// The one call that the original logs.
    private func links(_ request: GetLinksRequest) async throws -> JSON {
        let begin = ContinuousClock.now
        var result: JSON = .null
        defer {
            log.entry([
                "method": "GetLinks",
                "request": request.json,
                "result": result,
                "duration": .string(milliseconds(since: begin)),
            ])
        }
        do {
            result = try await manager.links(request).json
            return result
        } catch {
            result = ["err": .string("\(error)")]
            throw error
        }
    }

    private func answer(_ method: LinkMetrics.Method, _ work: () async throws -> JSON) async -> Reply {
        await metrics.measure(method) {
            do {
                return .json(try await work())
            } catch {
                return .failure("\(error)")
            }
        }
    }

    /// E.g. `1.042ms`.
    private func milliseconds(since begin: ContinuousClock.Instant) -> String {
        let microseconds = (ContinuousClock.now - begin) / .microseconds(1)
        return "\((microseconds).rounded() / 1_000)ms"
    }
}
