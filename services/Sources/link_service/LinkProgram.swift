// SPDX-License-Identifier: Apache-2.0

import LinkCore
import ObjectModel
import ServiceKit
import Stores
import Wire

@main
enum LinkProgram {
    /// As in the original.
    static let defaultPort = 8_080
    static let defaultMaximumLinks = 10
    static let socialGraphPort = 9_090

    static func main() async {
        await Program.run("link_service") { try describe($0, log: ServiceLog(name: "link manager", style: .json)) }
    }

    /// The service that the environment asks for.
    static func describe(_ settings: Settings, log: ServiceLog) throws(DomainError) -> ServiceDescription {
        let (host, port) = try settings.listener(port: defaultPort)
        let maximumLinks = try settings.integer("MAX_LINKS_PER_USER", default: defaultMaximumLinks)
        let store: any LinkStore
        switch try StoreKind(setting: settings["STORE"]) {
        case .memory: store = MemoryLinkStore()
        }
        let address = try settings.service("SOCIAL_GRAPH_MANAGER", port: socialGraphPort)
        let socialGraph = SocialGraphClient(
            caller: HTTPCaller(host: address.host, port: address.port),
            token: try callerToken(settings, log: log))
        let rounds = FollowerRounds(followers: socialGraph.followers) { report($0, $1, to: log) }
        let manager = LinkManager(store: store, maximumLinks: maximumLinks, changed: rounds.take)
        return ServiceDescription(
            name: "link-manager", banner: banner, host: host, port: port, log: log,
            routes: LinkRoutes(manager: manager, log: log).all, background: [rounds.run])
    }

    /// What this service shows the social graph; `nil` while mutual authentication is off.
    private static func callerToken(_ settings: Settings, log: ServiceLog) throws(DomainError) -> String? {
        guard let auth = try MutualAuth.load(settings) else { return nil }
        let token = auth.token(for: "social-graph-manager")
        if token == nil { log.note("the mutual authentication file has no token for social-graph-manager") }
        return token
    }

    private static func report(_ change: LinkChange, _ outcome: FollowerRounds.Outcome, to log: ServiceLog) {
        var fields: [String: JSON] = ["username": .string(change.username), "url": .string(change.url)]
        switch outcome {
        case .found(let followers):
            fields["followers"] = .number(String(followers.count))
            log.note("link \(change.kind.rawValue)", fields)
        case .retrying(let reason):
            fields["reason"] = .string(reason)
            log.note("followers unknown, trying again", fields)
        case .givenUp(let reason):
            fields["reason"] = .string(reason)
            log.note("followers unknown, given up", fields)
        case .dropped:
            log.note("followers not asked for: too many changes wait", fields)
        }
    }
}
