// SPDX-License-Identifier: Apache-2.0

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
        /// Destinations of deleted files, by image ref.
        package var deletions: [String: [String]] = [:]
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

    package init(plan: Plan, products: [String: String]) {
        self.plan = plan
        self.products = products
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
            if let custom = resource.kubernetes?.customDeploy {
                // Containers that a command has made have no agent: what a live update would sync is applied as well.
                decide(custom.deps, PathFilter(), .apply, of: resource, paths, &outcome)
            }
            if let local = resource.local {
                decide(local.deps, local.ignored, .run, of: resource, paths, &outcome)
            } else if let kubernetes = resource.kubernetes {
                for ref in kubernetes.images {
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
        path == root || (path.hasPrefix(root) && (root.hasSuffix("/") || path.dropFirst(root.count).hasPrefix("/")))
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
        let inputs = image.inputs
        let ignored = image.ignored
        var rest = paths.filter { path in
            inputs.contains { Self.covers($0, path) } && (!ignored.matches(path) || path == image.docker?.dockerfile)
        }
        let live = image.swift?.live ?? false
        if let fallBack = fallBack(image, paths) {
            outcome.images.insert(image.ref)
            outcome.decisions.append(
                Decision(resource: resource.name, action: .image, reason: "\(Self.name(fallBack)) is in fall_back_on"))
            return
        }
        let mapped = map(paths, by: image)
        if live, !mapped.isEmpty {
            // Files that are gone locally are gone in the container too.
            outcome.syncs[image.ref, default: []] += mapped.filter { exists($0.source) }
            outcome.deletions[image.ref, default: []] += mapped.filter { !exists($0.source) }.map(\.destination)
            outcome.commands[image.ref, default: []] += commands(image, paths)
            outcome.decisions.append(
                Decision(
                    resource: resource.name, action: .sync,
                    reason: mapped.count == 1
                        ? "\(Self.name(mapped[0].source)) goes to \(mapped[0].destination)"
                        : "\(mapped.count) files match its sync rules"))
            return
        }
        rest += mapped.map(\.source)
        if let path = rest.first {
            outcome.images.insert(image.ref)
            outcome.decisions.append(
                Decision(resource: resource.name, action: .image, reason: "\(Self.name(path)) is part of \(image.ref)"))
        }
    }

    private func fallBack(_ image: Image, _ paths: [String]) -> String? {
        for case .fallBackOn(let files) in image.liveUpdate {
            if let path = paths.first(where: { path in files.contains { Self.covers($0, path) } }) { return path }
        }
        return nil
    }

    private func map(_ paths: [String], by image: Image) -> [SyncSet.File] {
        var rules: [FileMapping] = image.swift?.resources ?? []
        for case .sync(let mapping) in image.liveUpdate { rules.append(mapping) }
        return paths.compactMap { path in
            guard let rule = rules.last(where: { Self.covers($0.source, path) }) else { return nil }
            let tail = path.dropFirst(rule.source.count)
            let destination = tail.isEmpty ? rule.destination : Self.join(rule.destination, String(tail))
            return SyncSet.File(source: path, destination: destination, isExecutable: false, isEntry: false)
        }
    }

    private func commands(_ image: Image, _ paths: [String]) -> [[String]] {
        image.liveUpdate.compactMap { step in
            guard case .run(let arguments, let triggers) = step else { return nil }
            let matches =
                triggers.isEmpty || paths.contains { path in triggers.contains { Self.covers($0, path) } }
            return matches ? arguments : nil
        }
    }

    private static func join(_ base: String, _ tail: String) -> String {
        let trimmed = tail.drop { $0 == "/" }
        return base.hasSuffix("/") ? base + trimmed : "\(base)/\(trimmed)"
    }

    private static func name(_ path: String) -> String {
        String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
    }
}
