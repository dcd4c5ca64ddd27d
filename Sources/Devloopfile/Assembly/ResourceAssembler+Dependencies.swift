// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension ResourceAssembler {
    /// Drops dependencies on names that do not exist, with a warning, as Tilt does.
    /// - Throws: when a resource waits for itself, directly or through others.
    mutating func checkDependencies(_ resources: inout [Resource]) throws(DevloopError) {
        let names = Set(resources.map(\.name))
        for index in resources.indices {
            let resource = resources[index]
            for unknown in resource.dependencies where !names.contains(unknown) {
                let nearest = Suggestion.nearest(to: unknown, among: names)
                warnings.append(
                    PlanWarning(
                        "\(resource.name): resource_deps names \"\(unknown)\", which does not exist; ignored"
                            + (nearest.map { " (did you mean \"\($0)\"?)" } ?? ""), at: resource.location))
            }
            resources[index].dependencies.removeAll { !names.contains($0) }
        }
        let edges = Dictionary(resources.map { ($0.name, $0.dependencies) }) { first, _ in first }
        for resource in resources {
            guard let cycle = cycle(from: resource.name, edges: edges) else { continue }
            let message =
                cycle.count == 2
                ? "\"\(resource.name)\" depends on itself"
                : "resource_deps go in a circle: \(cycle.joined(separator: " -> "))"
            throw DevloopError(.spec, message, at: resource.location)
        }
    }

    /// A way along the edges from a name back to itself; nil when there is none.
    private func cycle(from start: String, edges: [String: [String]]) -> [String]? {
        var visited: Set<String> = []
        var paths = [[start]]
        while let path = paths.popLast() {
            guard let last = path.last else { continue }
            for next in edges[last] ?? [] {
                if next == start { return path + [next] }
                if visited.insert(next).inserted { paths.append(path + [next]) }
            }
        }
        return nil
    }
}
