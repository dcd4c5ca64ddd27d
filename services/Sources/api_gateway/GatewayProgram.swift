// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import WebClient

@main
enum GatewayProgram {
    /// As in the original.
    static let defaultPort = 5_000
    static let linkPort = 8_080
    static let socialGraphPort = 9_090
    /// Seconds for a call of GitHub's.
    static let githubTimeout = 10

    static func main() async {
        await Program.run("api_gateway") { try describe($0, log: ServiceLog(name: "api gateway", style: .plain)) }
    }

    /// The service that the environment asks for.
    static func describe(_ settings: Settings, log: ServiceLog) throws(DomainError) -> ServiceDescription {
        let (host, port) = try settings.listener(port: defaultPort)
        let tokens = try Identity.developmentTokens(settings["GATEWAY_DEV_TOKENS"])
        if !tokens.isEmpty { log.note("development tokens are accepted: never where others can reach this gateway") }
        let web = WebClient(timeout: githubTimeout, width: 32, certificates: settings["SSL_CERT_FILE"])
        let identity = Identity(
            developmentTokens: tokens, github: settings["GITHUB_API_URL"] ?? "https://api.github.com", web: web)
        let login = Login(
            client: try client(settings, isOptional: !tokens.isEmpty),
            site: settings["GITHUB_URL"] ?? "https://github.com", web: web)
        let routes = GatewayRoutes(
            identity: identity, links: try backend(settings, "LINK_MANAGER", port: linkPort),
            socialGraph: try backend(settings, "SOCIAL_GRAPH_MANAGER", port: socialGraphPort))
        return ServiceDescription(
            name: "api-gateway", banner: banner, host: host, port: port, log: log, routes: routes.all + login.all)
    }

    /// The original does not start without both.
    private static func client(_ settings: Settings, isOptional: Bool) throws(DomainError) -> Login.Client? {
        guard let id = settings["GITHUB_CLIENT_ID"], let secret = settings["GITHUB_CLIENT_SECRET"] else {
            guard isOptional else {
                throw DomainError(
                    "GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET are not set; GATEWAY_DEV_TOKENS=token=name:email does "
                        + "without GitHub")
            }
            return nil
        }
        return Login.Client(id: id, secret: secret)
    }

    private static func backend(_ settings: Settings, _ prefix: String, port: Int) throws(DomainError) -> Backend {
        let address = try settings.service(prefix, port: port)
        return Backend(caller: HTTPCaller(host: address.host, port: address.port, timeout: 10))
    }
}
