// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import PostgresStores
import ServiceKit
import Stores
import UserCore

@main
enum UserProgram {
    /// As in the original.
    static let defaultPort = 7_070

    static func main() async {
        await Program.run("user_service") {
            try describe($0, log: ServiceLog(name: "user manager", style: .plain))
        }
    }

    /// The service that the environment asks for.
    static func describe(_ settings: Settings, log: ServiceLog) throws(DomainError) -> ServiceDescription {
        let (host, port) = try settings.listener(port: defaultPort)
        var preparation: [@Sendable () async throws -> Void] = []
        let store: any UserStore
        switch try StoreKind(setting: settings["STORE"]) {
        case .memory: store = MemoryUserStore()
        case .postgres:
            let (pool, patience) = try settings.postgres("USER", database: PostgresUserStore.database, log: log)
            let database = PostgresUserStore(pool)
            preparation.append { try await database.prepare(patience: patience) }
            store = database
        }
        return ServiceDescription(
            name: "user-manager", banner: banner, host: host, port: port, log: log,
            routes: UserRoutes(manager: UserManager(store: store)).all, preparation: preparation)
    }
}
