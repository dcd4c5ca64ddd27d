// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension ResourceAssembler {
    private static var edges: [(name: String, path: WritableKeyPath<Resource, [String]>)] {
        [("resource_deps", \.dependencies), ("after", \.after), ("rebuilt_by", \.rebuiltBy)]
    }

    /// Drops edges to names that do not exist, with a warning, as Tilt does.
    /// - Throws: when a resource waits for itself, directly or through others.
    mutating func checkEdges(_ resources: inout [Resource]) throws(DevloopError) {
        let names = Set(resources.map(\.name))
        for index in resources.indices {
            for (kind, path) in Self.edges {
                let resource = resources[index]
                for unknown in resource[keyPath: path] where !names.contains(unknown) {
                    let nearest = Suggestion.nearest(to: unknown, among: names)
                    warnings.append(
                        PlanWarning(
                            "\(resource.name): \(kind) names \"\(unknown)\", which does not exist; ignored"
                                + (nearest.map { " (did you mean \"\($0)\"?)" } ?? ""), at: resource.location))
                }
                resources[index][keyPath: path].removeAll { !names.contains($0) }
            }
        }
        try checkCircles(resources, "resource_deps") { $0.dependencies + $0.after }
        try checkCircles(resources, "rebuilt_by") { $0.rebuiltBy }
    }

    private func checkCircles(
        _ resources: [Resource], _ kind: String, _ edges: (Resource) -> [String]
    ) throws(DevloopError) {
        let targets = Dictionary(resources.map { ($0.name, edges($0)) }) { first, _ in first }
        for resource in resources {
            guard let cycle = cycle(from: resource.name, edges: targets) else { continue }
            let message =
                cycle.count == 2
                ? "\"\(resource.name)\" depends on itself"
                : "\(kind) go in a circle: \(cycle.joined(separator: " -> "))"
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
