// SPDX-License-Identifier: Apache-2.0

import Glibc
package import ObjectModel

/// The environment variables of a service. An empty variable counts as not set.
package struct Settings: Sendable {
    private let lookUp: @Sendable (String) -> String?

    package init(_ values: [String: String]) {
        lookUp = { values[$0] }
    }

    private init(lookUp: @escaping @Sendable (String) -> String?) {
        self.lookUp = lookUp
    }

    /// The process's own environment.
    package static let process = Settings(lookUp: { name in getenv(name).map { String(cString: $0) } })

    package subscript(_ name: String) -> String? {
        lookUp(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A whole number. Throws `DomainError` for anything else.
    package func integer(_ name: String, default value: Int) throws(DomainError) -> Int {
        guard let text = self[name] else { return value }
        guard let number = Int(text) else { throw DomainError("\(name)=\(text): not a whole number") }
        return number
    }

    /// A TCP port; 0 lets the system choose.
    package func port(_ name: String, default value: Int) throws(DomainError) -> Int {
        let port = try integer(name, default: value)
        guard (0...65_535).contains(port) else { throw DomainError("\(name)=\(port): not a port") }
        return port
    }
}
