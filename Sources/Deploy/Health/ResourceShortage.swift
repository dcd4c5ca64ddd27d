// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// How much is missing for a Pod that no node takes: the scheduler names the resource, not the amount. Pure.
package enum ResourceShortage {
    /// - Parameters:
    ///   - pod: the one that waits.
    ///   - nodes: all nodes.
    ///   - pods: all Pods of all namespaces.
    /// - Returns: `cpu: asks for 8, 1.35 of 2 are free on devloop-local`; nil when nothing is short on every node.
    package static func text(for pod: JSONValue, nodes: [JSONValue], pods: [JSONValue]) -> String? {
        let wanted = requests(of: pod)
        var used: [String: [String: Double]] = [:]
        for other in pods {
            guard let node = other.at("spec", "nodeName")?.string,
                !["Succeeded", "Failed"].contains(other.at("status", "phase")?.string)
            else { continue }
            used[node, default: [:]].merge(requests(of: other), uniquingKeysWith: +)
        }
        let lines = wanted.sorted { $0.key < $1.key }.compactMap { resource, amount -> String? in
            let free = nodes.map { node -> (name: String, free: Double, all: Double) in
                let name = node.at("metadata", "name")?.string ?? ""
                let all = node.at("status", "allocatable", resource)?.string.flatMap { Quantity($0) }?.value ?? 0
                return (name, all - (used[name]?[resource] ?? 0), all)
            }
            guard amount > 0, let best = free.max(by: { $0.free < $1.free }), best.free < amount else { return nil }
            func say(_ value: Double) -> String { Quantity(max(0, value)).text(of: resource) }
            return
                "\(resource): asks for \(say(amount)), \(say(best.free)) of \(say(best.all)) are free on \(best.name)"
        }
        return lines.isEmpty ? nil : lines.joined(separator: "; ")
    }

    /// What the scheduler counts: the sum of the containers, or the largest init container if that is more, and the
    /// runtime's overhead. (https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers)
    static func requests(of pod: JSONValue) -> [String: Double] {
        var sum: [String: Double] = [:]
        for container in pod.at("spec", "containers")?.array ?? [] {
            sum.merge(amounts(container.at("resources", "requests")), uniquingKeysWith: +)
        }
        for container in pod.at("spec", "initContainers")?.array ?? [] {
            sum.merge(amounts(container.at("resources", "requests")), uniquingKeysWith: max)
        }
        sum.merge(amounts(pod.at("spec", "overhead")), uniquingKeysWith: +)
        return sum
    }

    private static func amounts(_ json: JSONValue?) -> [String: Double] {
        (json?.object?.members ?? []).reduce(into: [:]) { found, member in
            let text = member.value.string ?? member.value.int.map { "\($0)" }
            found[member.key] = text.flatMap { Quantity($0) }?.value
        }
    }
}
