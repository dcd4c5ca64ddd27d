// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import Plan

/// Says what a set of changed files means for each resource; pure, so that `explain` and tests can ask it too.
package struct Decider: Sendable {
    /// What the save asks of one resource.
    package enum Action: String, Sendable {
        case nothing, sync, build, image, apply, run, reload
    }

    package struct Decision: Sendable, Equatable {
        package var resource: String
        package var action: Action
        package var reason: String
    }

    /// All that follows from one change set.
    package struct Outcome: Sendable, Equatable {
        /// The spec or a manifest changed: evaluate again before anything else.
        package var reloads = false
        package var decisions: [Decision] = []
        /// Stale products by package directory.
        package var builds: [String: Set<String>] = [:]
        /// Files to sync, by image ref.
        package var syncs: [String: [SyncSet.File]] = [:]
        /// Deleted files, by image ref.
        package var deletions: [String: [SyncSet.Deletion]] = [:]
        /// Files that are gone with all that their rule names, by image ref: nothing is deleted.
        package var missing: [String: [SyncSet.File]] = [:]
        /// Commands of `run` steps to execute after the sync, by image ref.
        package var commands: [String: [[String]]] = [:]
        /// Images to make again, by ref.
        package var images: Set<String> = []
        /// Local resources to run.
        package var runs: [String] = []
    }

    package var plan: Plan
    /// The product of each Swift image, by ref.
    package var products: [String: String]
    /// Version of the cluster's server; nil when no cluster was asked.
    package var server: String?
    /// What images run by themselves, as far as they were made, by ref.
    package var programs: [String: ImageProgram]
    /// Why containers that devloop has not rendered take no files, by the ref that stands for them; nil while nobody has
    /// looked at them.
    package var refusals: [String: String]?

    package init(
        plan: Plan, products: [String: String], server: String? = nil, programs: [String: ImageProgram] = [:],
        refusals: [String: String]? = nil
    ) {
        self.plan = plan
        self.products = products
        self.server = server
        self.programs = programs
        self.refusals = refusals
    }

    /// - Parameters:
    ///   - paths: absolute paths that changed.
    ///   - stale: what the builder says of them: products by package directory.
    ///   - exists: whether a path is there now.
    package func decide(
        _ paths: [String], stale: [String: Set<String>], exists: (String) -> Bool
    ) -> Outcome {
        var outcome = Outcome()
        // What the spec wants ignored is no change anywhere.
        let paths = paths.filter { !plan.settings.watchIgnored.matches($0) }
        outcome.reloads = paths.contains { path in
            plan.watchedFiles.contains { Self.covers($0, path) } || isIgnoreFile(path)
        }
        for resource in plan.resources {
            if resource.kubernetes?.customDeploy != nil || resource.kubernetes?.syncTarget != nil {
                decideForeign(resource, paths, exists, &outcome)
            }
            if let local = resource.local {
                decide(local.deps, local.ignored, .run, of: resource, paths, &outcome)
            } else if let kubernetes = resource.kubernetes {
                for ref in kubernetes.madeImages {
                    guard let image = plan.image(ref) else { continue }
                    decide(image, of: resource, paths, stale: stale, exists: exists, &outcome)
                }
            }
        }
        return outcome
    }

    /// Whether the path is, or may become, a file that says which inputs of an image are none.
    private func isIgnoreFile(_ path: String) -> Bool {
        path.hasSuffix(".dockerignore") && plan.images.contains { $0.inputs.contains { Self.covers($0, path) } }
    }

    /// Whether `root` is the path itself or a directory above it.
    package static func covers(_ root: String, _ path: String) -> Bool {
        let (root, path) = (root.utf8, path.utf8)
        guard path.starts(with: root) else { return false }
        return path.count == root.count || root.last == 0x2F
            || path[path.index(path.startIndex, offsetBy: root.count)] == 0x2F
    }

    /// What is run again when one of its deps changes: a local command, or one that deploys.
    private func decide(
        _ deps: [String], _ ignored: PathFilter, _ action: Action, of resource: Resource, _ paths: [String],
        _ outcome: inout Outcome
    ) {
        let found = paths.first { path in deps.contains { Self.covers($0, path) } && !ignored.matches(path) }
        guard let path = found else { return }
        outcome.runs.append(resource.name)
        outcome.decisions.append(
            Decision(resource: resource.name, action: action, reason: "\(Self.name(path)) is one of its deps"))
    }

    /// Which of the paths ask for a resource's own command.
    func inputs(of resource: Resource, among paths: [String]) -> [String] {
        let deps = resource.local?.deps ?? resource.kubernetes?.customDeploy?.deps ?? []
        let ignored = resource.local?.ignored ?? PathFilter()
        return paths.filter { path in
            !plan.settings.watchIgnored.matches(path) && !ignored.matches(path)
                && deps.contains { Self.covers($0, path) }
        }
    }

    private func decide(
        _ image: Image, of resource: Resource, _ paths: [String], stale: [String: Set<String>],
        exists: (String) -> Bool, _ outcome: inout Outcome
    ) {
        if let swift = image.swift, let product = products[image.ref],
            stale[swift.package]?.contains(product) == true
        {
            outcome.builds[swift.package, default: []].insert(product)
            outcome.decisions.append(
                Decision(resource: resource.name, action: .build, reason: "product \(product) is made from it"))
        }
        let paths = LiveChanges.relevant(paths, to: image)
        let changes = LiveChanges(image, paths, exists: exists)
        guard !changes.isEmpty else { return }
        func makeImage(_ reason: String) {
            outcome.images.insert(image.ref)
            outcome.decisions.append(Decision(resource: resource.name, action: .image, reason: reason))
        }
        if let path = changes.fallBack { return makeImage("\(Self.name(path)) is in fall_back_on") }
        if let path = changes.built { return makeImage("\(Self.name(path)) has the policy build") }
        let way = SyncWay.choose(image, in: resource, program: programs[image.ref])
        switch way {
        case nil, .refused, .foreign:
            guard let path = changes.unmatched.first ?? changes.matched.first?.source else { return }
            var reason = "\(Self.name(path)) is part of \(image.ref)"
            if case .refused(let text) = way { reason += ", which is not synced: \(text)" }
            return makeImage(reason)
        case .builtIn, .injected:
            // All or nothing: an image that is made anyway has what could be synced too.
            if let path = changes.unmatched.first {
                let hasRules = image.hasSyncRules && path != image.docker?.dockerfile
                return makeImage(
                    "\(Self.name(path)) is part of \(image.ref)" + (hasRules ? ", and no sync rule names it" : ""))
            }
        }
        sync(changes, of: image, paths, &outcome)
        decideSync(changes, of: resource, &outcome)
    }

    /// Takes what the rules bring to containers, and take away, into the outcome.
    func sync(_ changes: LiveChanges, of image: Image, _ paths: [String], _ outcome: inout Outcome) {
        if !changes.missing.isEmpty { outcome.missing[image.ref] = changes.missing }
        guard !changes.wanted.isEmpty || !changes.deleted.isEmpty else { return }
        outcome.syncs[image.ref, default: []] += changes.wanted
        outcome.deletions[image.ref, default: []] += changes.deleted
        outcome.commands[image.ref, default: []] += commands(image, paths)
    }

    /// Says what is synced, or that nothing is, since all that a rule names is gone.
    /// - Parameter condition: words about what a session has to find out first.
    func decideSync(
        _ changes: LiveChanges, of resource: Resource, condition: String = "", _ outcome: inout Outcome
    ) {
        guard let first = changes.matched.first else { return }
        let root = changes.missing.first?.root.map(Self.name) ?? ""
        guard !changes.wanted.isEmpty || !changes.deleted.isEmpty else {
            outcome.decisions.append(
                Decision(
                    resource: resource.name, action: .nothing,
                    reason: "\(root) itself is gone: what containers have of it stays"))
            return
        }
        var reason =
            changes.matched.count == 1
            ? "\(Self.name(first.source)) goes to \(first.destination)"
            : "\(changes.matched.count) files match its sync rules"
        if !changes.missing.isEmpty { reason += "; what was in \(root), which is gone, stays" }
        outcome.decisions.append(Decision(resource: resource.name, action: .sync, reason: reason + condition))
    }

    /// Paths that the builder of a package is to be asked about: those that not every image of it ignores.
    package func relevant(_ paths: [String], to package: String) -> [String] {
        let users = plan.images.filter { $0.swift?.package == package }
        return paths.filter { path in users.contains { LiveChanges.rule(for: path, $0)?.policy != .ignore } }
    }

    private func commands(_ image: Image, _ paths: [String]) -> [[String]] {
        image.liveUpdate.compactMap { step in
            guard case .run(let arguments, let triggers) = step else { return nil }
            let matches =
                triggers.isEmpty || paths.contains { path in triggers.contains { Self.covers($0, path) } }
            return matches ? arguments : nil
        }
    }

    static func name(_ path: String) -> String {
        String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
    }
}
