// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Which store a service keeps its data in, by the environment variable `STORE`.
package enum StoreKind: String, CaseIterable, Sendable {
    /// In the process; gone when it ends.
    case memory

    /// `memory` if nothing is set. Throws for a store that this build does not have.
    package init(setting: String?) throws(DomainError) {
        guard let setting, !setting.isEmpty else {
            self = .memory
            return
        }
        guard let kind = StoreKind(rawValue: setting) else {
            let known = StoreKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw DomainError("STORE=\(setting): there is no such store; known: \(known)")
        }
        self = kind
    }
}
