// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

extension KubeClient {
    /// Opens a WebSocket to a subresource of a Pod.
    /// - Throws: `DevloopError`, with a ``KubeFailure`` as cause when the server refused.
    func webSocket(
        _ call: Call, subprotocols: [String], timeout: Duration
    ) async throws -> WebSocket {
        let answer: Result<WebSocket, WebSocketRefusal> = try await withTicket { ticket in
            var headers: HTTPHeaders = [:]
            headers["Authorization"] = ticket.authorization
            do {
                let socket = try await WebSocket.connect(
                    ticket.client, url: ticket.server + call.path + URLText.query(call.query), headers: headers,
                    subprotocols: subprotocols, timeout: timeout)
                return (.success(socket), 101)
            } catch let refusal as WebSocketRefusal {
                return (.failure(refusal), refusal.response.status)
            }
        }
        switch answer {
        case .success(let socket): return socket
        case .failure(let refusal):
            throw KubeFailure(refusal.response.head, body: refusal.response.body).error(call.what)
        }
    }
}

/// Keeps a WebSocket open through proxies that close what is silent, and gives one up whose far side has stopped to
/// answer; ends with its owner.
final class KeepAlive: Sendable {
    private let task: Task<Void, Never>

    /// - Parameters:
    ///   - interval: Below the 30 s and 60 s after which common proxies lose patience.
    ///   - patience: Pings in a row that may stay without any answer. A minute in all: a container that takes no input
    ///     for a while keeps the kubelet from answering.
    init(_ socket: WebSocket, interval: Duration = .seconds(10), patience: Int = 6) {
        task = Task {
            while (try? await Task.sleep(for: interval)) != nil { socket.ping(patience: patience) }
        }
    }

    deinit { task.cancel() }

    func stop() { task.cancel() }
}
