// SPDX-License-Identifier: Apache-2.0

package import ObjectModel
package import ServiceKit

extension Settings {
    /// A pool for a service's database, and how long the service waits for a database that is not there yet: by
    /// `STORE_PATIENCE_SECONDS`, a minute unless set. After that the program ends, and Kubernetes starts it again.
    ///
    /// - Parameters:
    ///   - name: what the variables begin with, e.g. `LINK`.
    ///   - database: the database's name.
    package func postgres(
        _ name: String, database: String, log: ServiceLog
    ) throws(DomainError) -> (pool: PostgresPool, patience: Duration) {
        let patience = try integer("STORE_PATIENCE_SECONDS", default: 60)
        return (PostgresPool(try PostgresAddress(self, name: name, database: database), log: log), .seconds(patience))
    }
}
