// SPDX-License-Identifier: Apache-2.0

package import ObjectModel
package import ServiceKit

/// Where a database is, and who we are there.
package struct PostgresAddress: Hashable, Sendable {
    package var host: String
    package var port: Int
    package var database: String
    package var user: String
    package var password: String

    package init(host: String, port: Int, database: String, user: String = "postgres", password: String = "postgres") {
        self.host = host
        self.port = port
        self.database = database
        self.user = user
        self.password = password
    }

    /// The database of a service, by `<NAME>_DB_SERVICE_HOST` and `…_PORT`, with `<NAME>_DB_USER` and `…_PASSWORD`; all
    /// have the original's values unless set.
    package init(_ settings: Settings, name: String, database: String) throws(DomainError) {
        let address = try settings.service("\(name)_DB", port: 5_432)
        self.init(
            host: address.host, port: address.port, database: database,
            user: settings["\(name)_DB_USER"] ?? "postgres", password: settings["\(name)_DB_PASSWORD"] ?? "postgres")
    }
}
