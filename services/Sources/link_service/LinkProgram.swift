// SPDX-License-Identifier: Apache-2.0

import Bus
import LinkCore
import ObjectModel
import PostgresStores
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
    /// - Parameter bus: where events go; the environment's unless given.
    static func describe(
        _ settings: Settings, log: ServiceLog, bus given: (any MessageBus)? = nil
    ) throws(DomainError) -> ServiceDescription {
        let (host, port) = try settings.listener(port: defaultPort)
        let maximumLinks = try settings.integer("MAX_LINKS_PER_USER", default: defaultMaximumLinks)
        var preparation: [@Sendable () async throws -> Void] = []
        let store: any LinkStore
        switch try StoreKind(setting: settings["STORE"]) {
        case .memory: store = MemoryLinkStore()
        case .postgres:
            let (pool, patience) = try settings.postgres("LINK", database: PostgresLinkStore.database, log: log)
            let database = PostgresLinkStore(pool)
            preparation.append { try await database.prepare(patience: patience) }
            store = database
        }
        let address = try settings.service("SOCIAL_GRAPH_MANAGER", port: socialGraphPort)
        let socialGraph = SocialGraphClient(
            caller: HTTPCaller(host: address.host, port: address.port),
            token: try callerToken(settings, log: log))
        let bus = try settings.bus(given, name: "link manager", log: log)
        let rounds = FollowerRounds(
            followers: socialGraph.followers, tell: { try await tell($0, to: $1, over: bus) },
            report: { report($0, $1, to: log) })
        let checks = try CheckerClient(settings).map { checker in
            CheckRounds(ask: checker.check) { change, reason in
                log.note("not checked", ["url": .string(change.url), "reason": .string(reason)])
            }
        }
        let manager = LinkManager(store: store, maximumLinks: maximumLinks) { change in
            rounds.take(change)
            checks?.take(change)
        }
        var background: [@Sendable () async -> Void] = [rounds.run]
        if let checks { background.append(checks.run) }
        if let bus { background.append { await CheckResults(bus: bus, manager: manager, log: log).run() } }
        return ServiceDescription(
            name: "link-manager", banner: banner, host: host, port: port, log: log,
            routes: LinkRoutes(manager: manager, log: log).all, preparation: preparation, background: background)
    }

    /// What this service shows the social graph; `nil` while mutual authentication is off.
    private static func callerToken(_ settings: Settings, log: ServiceLog) throws(DomainError) -> String? {
        guard let auth = try MutualAuth.load(settings) else { return nil }
        let token = auth.token(for: "social-graph-manager")
        if token == nil { log.note("the mutual authentication file has no token for social-graph-manager") }
        return token
    }

    /// Deletes never reach the feed, as in the original.
    private static func tell(
        _ change: LinkChange, to follower: String, over bus: (any MessageBus)?
    ) async throws {
        guard let bus, let kind = change.kind.event else { return }
        let event = LinkEvent(kind: kind, username: follower, link: change.link)
        try await bus.publish(Array(event.json.text.utf8), on: Subject.linkEvents)
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

extension LinkChange.Kind {
    /// What followers hear; `nil` for a deletion.
    fileprivate var event: LinkEvent.Kind? {
        switch self {
        case .added: .added
        case .updated: .updated
        case .deleted: nil
        }
    }
}
