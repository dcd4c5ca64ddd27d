// SPDX-License-Identifier: Apache-2.0

import Wire

/// Everything that makes a service, before it runs.
package struct ServiceDescription: Sendable {
    /// The name of its Kubernetes objects, shown by GET `/`.
    package var name: String
    /// What GET `/` says behind the name.
    package var banner: String
    /// Address to listen at. In a Pod the clients come from outside, so the default is every address.
    package var host: String
    package var port: Int
    package var log: ServiceLog
    package var routes: [Route]
    /// Steps before the service listens, one after the other; an error of one of them ends the program.
    package var preparation: [@Sendable () async throws -> Void]
    /// Work beside the requests; each runs until it is cancelled, after the last request has been answered.
    package var background: [@Sendable () async -> Void]

    package init(
        name: String, banner: String, host: String, port: Int, log: ServiceLog, routes: [Route],
        preparation: [@Sendable () async throws -> Void] = [], background: [@Sendable () async -> Void] = []
    ) {
        self.name = name
        self.banner = banner
        self.host = host
        self.port = port
        self.log = log
        self.routes = routes
        self.preparation = preparation
        self.background = background
    }

    /// The routes with those that every service has: GET `/`, `/healthz` and `/readyz`.
    /// A service listens only once it has everything it needs and stops listening when it is told to end,
    /// so whoever reaches it finds it ready.
    var table: RouteTable {
        let greeting = Reply.line("\(name) \(banner)")
        return RouteTable(
            routes + [
                Route("GET", "/") { _ in greeting },
                Route("GET", "/healthz") { _ in .line("ok") },
                Route("GET", "/readyz") { _ in .line("ok") },
            ])
    }
}
