// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import HTTPTransport

/// A client for one cluster, as one user, in one context.
package final class KubeClient: Sendable {
    /// Field manager of server-side apply (design D13).
    package static let fieldManager = "devloop"

    package let context: ContextInfo
    let server: String
    let access: ClusterAccess
    let discovery = APIDiscovery()
    let now: @Sendable () -> ContinuousClock.Instant

    /// - Throws: `DevloopError` (`kubeconfig`) when the context or a file that it names is missing. Nothing is sent.
    package init(
        config: KubeConfig,
        context: String? = nil,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) throws {
        let selection = try config.select(context)
        self.context = selection.info()
        self.now = now
        server = selection.cluster.server
        access = try ClusterAccess(selection, now: now)
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
                .protocolViolation, "\(call.what): the answer of \(server) is no JSON: \(error.message)",
                hint: "check that the address in the kubeconfig is that of an API server")
        }
    }

    /// Sends a call; tries again with growing pauses where that is safe.
    package func perform(_ call: Call) async throws -> HTTPResponse {
        var backoff = Backoff(first: .milliseconds(100), limit: .seconds(2))
        var triesLeft = call.isRepeatable ? 4 : 0
        var mayLogInAgain = true
        while true {
            let response: HTTPResponse
            do {
                response = try await send(call)
            } catch let error as DevloopError where triesLeft > 0 && Self.isInterruption(error) {
                triesLeft -= 1
                try await Task.sleep(for: backoff.next())
                continue
            }
            if (200..<300).contains(response.status) { return response }
            if response.status == 401, mayLogInAgain {
                mayLogInAgain = false
                if await access.forget() { continue }
            }
            let failure = KubeFailure(status: response.status, body: response.body)
            guard failure.isTransient, triesLeft > 0 else { throw failure.error(call.what) }
            triesLeft -= 1
            let asked = response.headers["Retry-After"].flatMap { Int($0) }.map {
                Duration.seconds(min(max($0, 0), 10))
            }
            try await Task.sleep(for: max(backoff.next(), asked ?? .zero))
        }
    }

    /// Opens a streamed answer.
    /// - Throws: As ``json(_:)``.
    func stream(_ call: Call, idleTimeout: Duration? = nil) async throws -> HTTPBody {
        var mayLogInAgain = true
        while true {
            let ticket = try await access.ticket()
            var request = request(call, ticket: ticket)
            request.deadline = nil
            request.idleTimeout = idleTimeout
            let (head, body) = try await ticket.client.stream(request)
            if (200..<300).contains(head.status) { return body }
            if head.status == 401, mayLogInAgain {
                mayLogInAgain = false
                if await access.forget() { continue }
            }
            var text: [UInt8] = []
            while text.count < 64 << 10, let chunk = try await body.next() { text += chunk }
            throw KubeFailure(status: head.status, body: text).error(call.what)
        }
    }

    private func send(_ call: Call) async throws -> HTTPResponse {
        let ticket = try await access.ticket()
        return try await ticket.client.send(request(call, ticket: ticket))
    }

    private func request(_ call: Call, ticket: ClusterAccess.Ticket) -> HTTPRequest {
        var request = HTTPRequest(
            server + call.path + URLText.query(call.query), method: call.method, deadline: call.deadline)
        request.headers["Accept"] = "application/json"
        request.headers["Authorization"] = ticket.authorization
        if let body = call.body {
            request.body = body
            request.headers["Content-Type"] = call.contentType
        }
        return request
    }

    /// The connection broke under the request: a server that restarts, a stale connection.
    private static func isInterruption(_ error: DevloopError) -> Bool {
        (error.cause as? HTTPFailure)?.kind == .interrupted
    }
}
