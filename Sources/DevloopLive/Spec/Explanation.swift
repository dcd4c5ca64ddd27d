// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Devloopfile
import FileWatch
package import LoopEngine
import Plan

/// What a save of one file would do, told from the plan alone: neither a session nor a cluster is asked, nothing is built.
package struct Explanation: Sendable {
    /// As the user wrote it.
    package var file: String
    /// Why saves of it are not seen; nil when they are.
    package var unseen: String?
    /// Whether the spec is evaluated again.
    package var reloads: Bool
    package var decisions: [Decider.Decision]

    /// - Parameter files: paths relative to the current folder.
    /// - Throws: the error of the evaluation, and code `.build` for a package that SwiftPM cannot describe.
    package static func make(_ settings: LiveSettings, files: [String]) async throws -> [Explanation] {
        let directory = HostPaths.workingDirectory
        let evaluation = await SpecAdapter(settings: settings, directory: directory, mode: .plan).evaluation()
        if let error = evaluation.error { throw error }
        let plan = evaluation.plan ?? Plan()
        let build = BuildAdapter()
        var products: [String: String] = [:]
        var roots = Set(plan.watchRoots)
        for image in plan.images {
            guard let swift = image.swift else { continue }
            products[image.ref] =
                swift.product.isEmpty ? try await build.onlyProduct(of: swift.package) : swift.product
            roots.formUnion(try await build.roots(of: swift.package))
        }
        let decider = Decider(plan: plan, products: products)
        var explanations: [Explanation] = []
        for file in files {
            let path = file.hasPrefix("/") ? file : "\(directory)/\(file)"
            var stale: [String: Set<String>] = [:]
            for package in Set(plan.images.compactMap { $0.swift?.package }) {
                stale[package] = try await build.products(
                    of: package, affectedBy: decider.relevant([path], to: package))
            }
            // What is saved is there then.
            let outcome = decider.decide([path], stale: stale, exists: { _ in true })
            explanations.append(
                Explanation(
                    file: file, unseen: try unseen(path, roots: roots, project: directory, plan),
                    reloads: outcome.reloads,
                    decisions: outcome.decisions))
        }
        return explanations
    }

    private static func unseen(
        _ path: String, roots: Set<String>, project: String, _ plan: Plan
    ) throws -> String? {
        if plan.settings.watchIgnored.matches(path) { return "watch_settings ignores it" }
        let covering = roots.filter { Decider.covers($0, path) }
        guard !covering.isEmpty else { return "nothing watches its folder" }
        let ignore = WatchIgnore(project: project)
        // One root that sees the file is enough.
        for root in covering where try !ignore.ignores(path, below: root) { return nil }
        return "it is ignored: build output, an editor's file, .gitignore or .devloopignore"
    }

    /// For people.
    package var text: String {
        var lines: [String] = []
        if let unseen { lines.append("a save of it is not seen: \(unseen)") }
        if reloads { lines.append("the Devloopfile is evaluated again") }
        lines += decisions.map { "\($0.resource): \($0.action.rawValue), because \($0.reason)" }
        if lines.isEmpty { lines.append("no resource uses it") }
        return ([file] + lines.map { "  \($0)" }).joined(separator: "\n")
    }

    /// For programs.
    package var json: JSONValue {
        [
            "file": .string(file), "unseen": unseen.map(JSONValue.string) ?? .null, "reloads": .bool(reloads),
            "decisions": .array(
                decisions.map { decision in
                    [
                        "resource": .string(decision.resource), "action": .string(decision.action.rawValue),
                        "reason": .string(decision.reason),
                    ]
                }),
        ]
    }
}
