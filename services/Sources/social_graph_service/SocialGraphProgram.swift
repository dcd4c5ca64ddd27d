// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import PostgresStores
import ServiceKit
import SocialCore
import Stores
import Wire

@main
enum SocialGraphProgram {
    /// As in the original.
    static let defaultPort = 9_090

    static func main() async {
        await Program.run("social_graph_service") {
            try describe($0, log: ServiceLog(name: "social graph manager", style: .plain))
        }
    }

    /// The service that the environment asks for.
    static func describe(_ settings: Settings, log: ServiceLog) throws(DomainError) -> ServiceDescription {
        let (host, port) = try settings.listener(port: defaultPort)
        var preparation: [@Sendable () async throws -> Void] = []
        let store: any SocialStore
        switch try StoreKind(setting: settings["STORE"]) {
        case .memory: store = MemorySocialStore()
        case .postgres:
            let (pool, patience) = try settings.postgres(
                "SOCIAL_GRAPH", database: PostgresSocialStore.database, log: log)
            let database = PostgresSocialStore(pool)
            preparation.append { try await database.prepare(patience: patience) }
            store = database
        }
        let auth = try MutualAuth.load(settings)
        if let auth, auth.token(for: SocialGraphRoutes.trustedCaller) == nil {
            log.note("the mutual authentication file has no token for \(SocialGraphRoutes.trustedCaller)")
        }
        return ServiceDescription(
            name: "social-graph-manager", banner: banner, host: host, port: port, log: log,
            routes: SocialGraphRoutes(graph: SocialGraph(store: store), auth: auth).all,
            preparation: preparation)
    }
}
