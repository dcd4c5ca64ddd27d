// SPDX-License-Identifier: Apache-2.0

extension DefaultRegistry {
    /// The name that an image gets in the registry, as this machine pushes it: Tilt's form, slashes and colons as `_`.
    package func localName(_ repository: String) -> String { "\(host)/\(name(repository))" }

    /// A reference as the node must write it.
    package func fromCluster(_ reference: String) -> String {
        guard let hostFromCluster, reference.hasPrefix("\(host)/") else { return reference }
        return hostFromCluster + reference.dropFirst(host.count)
    }

    private func name(_ repository: String) -> String {
        guard singleName.isEmpty else { return singleName }
        return String(repository.map { "/:@".contains($0) ? "_" : $0 })
    }
}
