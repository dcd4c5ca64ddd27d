// SPDX-License-Identifier: Apache-2.0

import Bus
import ObjectModel
import ServiceKit
import WebClient
import Wire

@main
enum CheckerProgram {
    /// As in the original.
    static let defaultPort = 8_080
    /// Seconds for one address, all its redirects included; the original waits for ever.
    static let defaultTimeout = 10
    static let maximumRedirects = 10

    static func main() async {
        await Program.run("link_checker") { try describe($0, log: ServiceLog(name: "link checker", style: .plain)) }
    }

    /// The service that the environment asks for.
    /// - Parameter bus: where results go; the environment's unless given.
    static func describe(
        _ settings: Settings, log: ServiceLog, bus given: (any MessageBus)? = nil
    ) throws(DomainError) -> ServiceDescription {
        let (host, port) = try settings.listener(port: defaultPort)
        let timeout = try settings.integer("CHECK_TIMEOUT_SECONDS", default: defaultTimeout)
        guard timeout > 0 else { throw DomainError("CHECK_TIMEOUT_SECONDS=\(timeout): not a time") }
        let web = WebClient(timeout: timeout, certificates: settings["SSL_CERT_FILE"])
        let bus = try settings.bus(given, name: "link checker", log: log)
        let routes = CheckerRoutes(
            look: { try await look(at: $0, with: web) },
            publish: { try await bus?.publish(Array($0.json.text.utf8), on: Subject.linkChecks) },
            log: log)
        return ServiceDescription(
            name: "link-checker", banner: banner, host: host, port: port, log: log, routes: routes.all)
    }

    /// No answer, or one that says that there is nothing, is `invalid`. Throws when nobody looked.
    private static func look(at url: String, with web: WebClient) async throws -> LinkStatus {
        do {
            let answer = try await web.send(WebClient.Request("HEAD", url, maximumRedirects: maximumRedirects))
            return answer.status < 400 ? .valid : .invalid
        } catch is DomainError {
            return .invalid
        }
    }
}
