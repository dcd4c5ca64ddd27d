// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Wire

/// A service on a port.
package struct HTTPServer: Sendable {
    /// Bytes of a request's body; the originals have no limit and can be filled until they burst.
    static let maximumBody = 1 << 20
    /// A connection on which nothing comes and nothing is being answered for so long is closed; the originals keep it,
    /// and enough idle clients use up their files.
    static let idleTimeout = TimeAmount.seconds(60)

    private let description: ServiceDescription

    package init(_ description: ServiceDescription) {
        self.description = description
    }

    /// Prepares, then serves until the surrounding task is cancelled or told to shut down gracefully. Then it stops
    /// listening, answers the requests that are under way, ends the background work and returns. Throws if something
    /// that the service needs, or the port, cannot be had.
    ///
    /// - Parameter listening: hears the port once it is open.
    package func run(listening: @escaping @Sendable (Int) -> Void) async throws {
        guard try await prepare() else { return }
        let table = description.table
        // The framework's own lines would mix with the service's; only its troubles are let through.
        var logger = Logger(label: description.name) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let log = description.log
        let application = Application(
            responder: CallbackResponder<CallContext> { request, _ in await Self.respond(request, table) },
            server: .http1(configuration: .init(idleTimeout: Self.idleTimeout)),
            configuration: ApplicationConfiguration(
                address: .hostname(description.host, port: description.port), serverName: nil),
            services: description.background.map(BackgroundService.init),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                log.note("listening", ["port": .string(String(port))])
                listening(port)
            },
            logger: logger)
        try await application.run()
    }

    /// `false` if the service was told to end before everything was there.
    private func prepare() async throws -> Bool {
        for step in description.preparation {
            let work = step
            do {
                try await cancelWhenGracefulShutdown { try await work() }
            } catch is CancellationError {
                return false
            }
        }
        return !Task.isShuttingDownGracefully
    }

    private static func respond(_ request: Request, _ table: RouteTable) async -> Response {
        var request = request
        let (path, query) = split(target: request.head.path ?? "/")
        switch table.match(method: request.method.rawValue, path: path) {
        case .unknownPath: return response(.notFound, to: request)
        case .badTarget: return response(.line("400 Bad Request", status: 400), to: request)
        case .otherMethod(let allowed): return response(.methodNotAllowed(allowed), to: request)
        case .route(let route, let parameter):
            let body: ByteBuffer
            do {
                body = try await request.collectBody(upTo: maximumBody)
            } catch {
                // Too long, or cut off: in both cases the rest of the connection is of no use.
                var refusal = response(.line("413 request body too large", status: 413), to: request)
                refusal.headers[.connection] = "close"
                return refusal
            }
            var headers: [String: String] = [:]
            for field in request.headers where headers[field.name.canonicalName] == nil {
                headers[field.name.canonicalName] = field.value
            }
            let call = Call(
                parameter: parameter, query: Query(query), headers: headers, body: Array(body.readableBytesView))
            return response(await route.answer(call), to: request)
        }
    }

    /// Path and query of an origin-form or absolute-form target.
    static func split(target: String) -> (path: Substring, query: Substring) {
        var rest = Substring(target)
        for scheme in ["http://", "https://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
            if !rest.hasPrefix("/") { rest = "/" + rest }
        }
        guard let mark = rest.firstIndex(of: "?") else { return (rest, "") }
        return (rest[..<mark], rest[rest.index(after: mark)...])
    }

    private static func response(_ reply: Reply, to request: Request) -> Response {
        var headers = HTTPFields()
        if let contentType = reply.contentType { headers[.contentType] = contentType }
        if !reply.allow.isEmpty { headers[.allow] = reply.allow.joined(separator: ", ") }
        for (name, value) in reply.fields {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        let body = ByteBuffer(string: reply.body)
        let status = HTTPResponse.Status(code: reply.status)
        guard request.method != .head, body.readableBytes > 0 else {
            // The answer to HEAD has the length that GET's body would have, and no body.
            headers[.contentLength] = String(body.readableBytes)
            return Response(status: status, headers: headers)
        }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

/// The framework makes one of these a request; the services need nothing in it.
private struct CallContext: InitializableFromSource {
    init(source: ApplicationRequestContextSource) {}
}

/// Background work as a service of the framework, which cancels it when the shutdown reaches it.
private struct BackgroundService: Service {
    let work: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown(work)
    }
}
