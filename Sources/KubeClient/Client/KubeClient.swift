// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import HTTPTransport

/// A client for one cluster, as one user, in one context.
package final class KubeClient: Sendable {
    /// Field manager of server-side apply (design D13).
    package static let fieldManager = "devloop"

    package let context: ContextInfo
    let access: ClusterAccess
    let discovery = APIDiscovery()
    let now: @Sendable () -> ContinuousClock.Instant
    /// How long a watch is asked to last, in seconds; a server that hangs is noticed after a fifth more.
    let watchSeconds: ClosedRange<Int>

    /// - Throws: `DevloopError` (`kubeconfig`) when the context or a file that it names is missing. Nothing is sent.
    package init(
        config: KubeConfig,
        context: String? = nil,
        watchSeconds: ClosedRange<Int> = 55...75,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) throws {
        let selection = try config.select(context)
        self.context = selection.info()
        self.now = now
        self.watchSeconds = watchSeconds
        let name = selection.context.name
        let files = config.files
        let reload: @Sendable () throws -> KubeConfig.Selection = { try KubeConfig.load(files).select(name) }
        access = try ClusterAccess(selection, reload: files.isEmpty ? nil : reload, now: now)
    }

    /// One exchange with the API server.
    package struct Call: Sendable {
        package var method: String
        package var path: String
        package var query: [(String, String)]
        package var body: [UInt8]?
        package var contentType: String
        /// May be sent again when the answer is 429 or 5xx, or the connection broke.
        package var isRepeatable: Bool
        package var deadline: Duration?
        /// What is asked for, for errors: `get pods in 'shop'`.
        package var what: String

        package init(
            _ path: String, method: String = "GET", query: [(String, String)] = [], body: [UInt8]? = nil,
            contentType: String = "application/json", isRepeatable: Bool? = nil, deadline: Duration? = .seconds(30),
            what: String? = nil
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.body = body
            self.contentType = contentType
            self.isRepeatable = isRepeatable ?? (method == "GET")
            self.deadline = deadline
            self.what = what ?? "\(method.lowercased()) \(path)"
        }
    }

    /// Sends a call and reads the answer as JSON.
    /// - Throws: `DevloopError`: `clusterUnreachable`, `clusterRefused` (401, 403), `objectRefused` (other 4xx), the last
    ///   three with a ``KubeFailure`` as cause.
    package func json(_ call: Call) async throws -> JSONValue {
        let response = try await perform(call)
        do {
            return try JSONValue(parsing: response.body)
        } catch {
            throw DevloopError(
                .protocolViolation, "\(call.what): the answer of \(context.server) is no JSON: \(error.message)",
                hint: "check that the address in the kubeconfig is that of an API server")
        }
    }

    /// Sends a call; tries again with growing pauses where that is safe.
    package func perform(_ call: Call) async throws -> HTTPResponse {
        var backoff = Backoff(first: .milliseconds(100), limit: .seconds(2))
        var triesLeft = 4
        while true {
            let response: HTTPResponse
            do {
                response = try await withTicket { ticket in
                    let response = try await ticket.client.send(request(call, ticket: ticket))
                    return (response, response.status)
                }
            } catch  where call.isRepeatable && triesLeft > 0 && error.httpFailure?.kind == .interrupted {
                // The connection broke under the request: a server that restarts, a stale connection.
                triesLeft -= 1
                try await Task.sleep(for: backoff.next())
                continue
            }
            if (200..<300).contains(response.status) { return response }
            let failure = KubeFailure(response.head, body: response.body)
            guard triesLeft > 0, failure.isThrottled || (call.isRepeatable && failure.isTransient) else {
                throw failure.error(call.what)
            }
            triesLeft -= 1
            try await Task.sleep(for: backoff.next(atLeast: failure.retryAfter))
        }
    }

    /// Does something that the server may refuse for who we are, or that gets no connection; does it once more when we
    /// know better by then.
    /// - Parameter body: Gives its result and the status of the answer.
    func withTicket<Result>(
        _ body: (ClusterAccess.Ticket) async throws -> (Result, status: Int)
    ) async throws -> Result {
        let ticket = try await access.ticket()
        do {
            let (result, status) = try await body(ticket)
            guard status == 401, await access.renew(ticket, after: .refused) else { return result }
        } catch {
            // Without a connection, and with failed TLS, nothing was sent.
            switch error.httpFailure?.kind {
            case .connect, .tls: guard await access.renew(ticket, after: .noConnection) else { throw error }
            case .timeout:
                // The next request gets another connection; this one may have been carried out.
                _ = await access.renew(ticket, after: .silence)
                throw error
            default: throw error
            }
        }
        return try await body(try await access.ticket()).0
    }

    /// Opens a streamed answer.
    /// - Throws: As ``json(_:)``.
    func stream(_ call: Call, idleTimeout: Duration? = nil) async throws -> HTTPBody {
        let (head, body) = try await withTicket { ticket in
            var request = request(call, ticket: ticket)
            request.deadline = nil
            // Events and lines must not wait for a packer's buffer to fill.
            request.acceptsGzip = false
            request.idleTimeout = idleTimeout
            let answer = try await ticket.client.stream(request)
            return (answer, answer.head.status)
        }
        if (200..<300).contains(head.status) { return body }
        var text: [UInt8] = []
        while text.count < 64 << 10, let chunk = try await body.next() { text += chunk }
        throw KubeFailure(head, body: text).error(call.what)
    }

    private func request(_ call: Call, ticket: ClusterAccess.Ticket) -> HTTPRequest {
        var request = HTTPRequest(
            ticket.server + call.path + URLText.query(call.query), method: call.method, deadline: call.deadline)
        request.headers["Accept"] = "application/json"
        // Within one machine, packing takes longer than sending.
        request.acceptsGzip = !ServerHost(ticket.server).isLoopback
        request.headers["Authorization"] = ticket.authorization
        if let body = call.body {
            request.body = body
            request.headers["Content-Type"] = call.contentType
        }
        return request
    }
}
