// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient
import Plan

/// What the cluster has to be and to allow, so that sessions work.
enum ClusterChecks {
    /// Something that a session asks of the API server.
    struct Need: Sendable, Equatable {
        var verb: String
        var group: String
        /// As in paths, with a subresource behind a slash: `pods/exec`.
        var resource: String
        /// What it is for, in a word or two.
        var purpose: String
        /// Without it nothing works; else only its purpose does not.
        var isEssential: Bool

        /// `create pods/exec`
        var text: String { "\(verb) \(resource)\(group.isEmpty ? "" : ".\(group)")" }
    }

    private static let always: [Need] = [
        Need(verb: "list", group: "", resource: "pods", purpose: "the state of Pods", isEssential: true),
        Need(verb: "watch", group: "", resource: "pods", purpose: "the state of Pods", isEssential: true),
        Need(verb: "get", group: "", resource: "pods/log", purpose: "logs", isEssential: true),
        Need(verb: "create", group: "", resource: "pods/exec", purpose: "sync", isEssential: true),
        Need(verb: "create", group: "", resource: "pods/portforward", purpose: "port-forwards", isEssential: true),
        Need(verb: "list", group: "", resource: "events", purpose: "probes, volumes and quotas", isEssential: false),
        Need(
            verb: "patch", group: "", resource: "configmaps", purpose: "the inventory of what was created",
            isEssential: false),
    ]

    /// - Parameter kinds: the kinds that the spec applies, as the server knows them.
    static func needs(_ kinds: [APIResource]) -> [Need] {
        var needs = always
        for kind in kinds {
            let parts = kind.apiVersion.split(separator: "/")
            let group = parts.count == 2 ? String(parts[0]) : ""
            for verb in ["patch", "delete"] {
                let need = Need(
                    verb: verb, group: group, resource: kind.plural, purpose: kind.kind, isEssential: verb == "patch")
                if !needs.contains(where: { $0.text == need.text }) { needs.append(need) }
            }
        }
        return needs
    }

    /// - Parameter refused: those of the needs that the server does not allow.
    static func rights(_ refused: [Need], of count: Int, namespace: String) -> DoctorReport.Check {
        guard !refused.isEmpty else { return .init("rights", .ok, "all \(count) that are needed in \(namespace)") }
        let list = refused.map { "\($0.text) (\($0.purpose))" }.joined(separator: ", ")
        return .init(
            "rights", refused.contains(where: \.isEssential) ? .broken : .warning,
            "not allowed in \(namespace): \(list)",
            hint: "ask for these rights, or use another context or namespace")
    }

    /// - Parameter nodes: API objects.
    static func nodes(_ nodes: [JSONValue]) -> DoctorReport.Check {
        var troubles: [String] = []
        var isBroken = false
        for node in nodes {
            let name = node.at("metadata", "name")?.string ?? ""
            for condition in node.at("status", "conditions")?.array ?? [] {
                let type = condition["type"]?.string ?? ""
                let isGood = condition["status"]?.string == (type == "Ready" ? "True" : "False")
                guard !isGood else { continue }
                if type == "Ready" { isBroken = true }
                let what = type == "Ready" ? "is not ready" : "has \(type)"
                troubles.append("\(name) \(what): \(condition["message"]?.string ?? "no reason is given")")
            }
            if node.at("spec", "unschedulable")?.bool == true { troubles.append("\(name) takes no new Pods") }
        }
        guard !troubles.isEmpty else { return .init("nodes", .ok, "\(nodes.count) ready") }
        return .init(
            "nodes", isBroken ? .broken : .warning, troubles.joined(separator: "; "),
            hint: "kubectl describe node tells more")
    }

    // MARK: asking

    /// - Parameter objects: what the spec applies.
    static func all(
        _ client: KubeClient, namespace: String, _ objects: [ManifestObject]
    ) async -> [DoctorReport.Check] {
        var checks: [DoctorReport.Check] = []
        if let list = try? await client.list(.nodes) { checks.append(nodes(list.items)) }
        var kinds: [APIResource] = []
        for object in objects {
            guard let kind = try? await client.resource(apiVersion: object.apiVersion, kind: object.kind),
                !kinds.contains(kind)
            else { continue }
            kinds.append(kind)
        }
        let needs = needs(kinds)
        var refused: [Need] = []
        do {
            for need in needs where try await !isAllowed(need, client, namespace) { refused.append(need) }
            checks.append(rights(refused, of: needs.count, namespace: namespace))
        } catch {
            let known = (error as? DevloopError)?.description ?? "\(error)"
            checks.append(.init("rights", .warning, "could not be asked for: \(known)"))
        }
        return checks
    }

    private static func isAllowed(_ need: Need, _ client: KubeClient, _ namespace: String) async throws -> Bool {
        let parts = need.resource.split(separator: "/").map(String.init)
        let answer = try await client.create([
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": [
                "resourceAttributes": [
                    "namespace": .string(namespace), "verb": .string(need.verb), "group": .string(need.group),
                    "resource": .string(parts[0]), "subresource": .string(parts.count > 1 ? parts[1] : ""),
                ]
            ],
        ])
        return answer.at("status", "allowed")?.bool == true
    }
}
