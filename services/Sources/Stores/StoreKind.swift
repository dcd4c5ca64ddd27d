// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Which store a service keeps its data in, by the environment variable `STORE`.
package enum StoreKind: String, CaseIterable, Sendable {
    /// In the process; gone when it ends.
    case memory
    /// In a PostgreSQL server, as the originals have it.
    case postgres

    /// `postgres` if nothing is set, as the originals. Throws for a store that there is not.
    package init(setting: String?) throws(DomainError) {
        guard let setting, !setting.isEmpty else {
            self = .postgres
            return
        }
        guard let kind = StoreKind(rawValue: setting) else {
            let known = StoreKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw DomainError("STORE=\(setting): there is no such store; known: \(known)")
        }
        self = kind
    }
}
