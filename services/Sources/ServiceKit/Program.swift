// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
package import ServiceLifecycle
import UnixSignals

/// The life of a service's process.
package enum Program {
    /// Runs a service on HTTP until SIGTERM or SIGINT, then ends it gracefully. Whatever keeps it from running, a bad
    /// setting or a port in use, is told on standard error in one line, and the exit code is 1.
    ///
    /// - Parameters:
    ///   - name: the executable, as its errors begin.
    ///   - make: builds the service from the environment.
    package static func run(
        _ name: String, make: @Sendable (Settings) throws -> ServiceDescription
    ) async {
        await run(name, service: { ServerService(server: HTTPServer(try make($0))) })
    }

    /// The same for a service of any kind.
    package static func run(
        _ name: String, service make: @Sendable (Settings) throws -> any Service
    ) async {
        do {
            let service = try make(.process)
            var logger = Logger(label: name) { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = .warning
            let group = ServiceGroup(
                configuration: .init(
                    services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
            try await group.run()
        } catch {
            writeToStandardError("\(name): \(error)\n")
            exit(1)
        }
    }
}

/// The server as the process's one service. The framework asks each service for its description; one that it has to
/// make up by reflection costs a tenth of the process's start.
private struct ServerService: Service, CustomStringConvertible {
    let server: HTTPServer
    var description: String { "server" }

    func run() async throws {
        try await server.run { _ in }
    }
}
