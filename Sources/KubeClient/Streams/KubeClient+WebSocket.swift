// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

extension KubeClient {
    /// Opens a WebSocket to a subresource of a Pod.
    /// - Throws: `DevloopError`, with a ``KubeFailure`` as cause when the server refused.
    func webSocket(
        _ call: Call, subprotocols: [String], timeout: Duration
    ) async throws -> WebSocket {
        var mayLogInAgain = true
        while true {
            let ticket = try await access.ticket()
            var headers: HTTPHeaders = [:]
            headers["Authorization"] = ticket.authorization
            do {
                return try await WebSocket.connect(
                    ticket.client, url: server + call.path + URLText.query(call.query), headers: headers,
                    subprotocols: subprotocols, timeout: timeout)
            } catch let refusal as WebSocketRefusal {
                if refusal.response.status == 401, mayLogInAgain {
                    mayLogInAgain = false
                    if await access.forget() { continue }
                }
                throw KubeFailure(status: refusal.response.status, body: refusal.response.body).error(call.what)
            }
        }
    }
}

/// Keeps a WebSocket open through proxies that close what is silent; ends with its owner.
final class KeepAlive: Sendable {
    /// Below the 30 s and 60 s after which common proxies lose patience.
    private static let interval: Duration = .seconds(10)
    private let task: Task<Void, Never>

    init(_ socket: WebSocket) {
        task = Task {
            while (try? await Task.sleep(for: Self.interval)) != nil { socket.ping() }
        }
    }

    deinit { task.cancel() }

    func stop() { task.cancel() }
}
