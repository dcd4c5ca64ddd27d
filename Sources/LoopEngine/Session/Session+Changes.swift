// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// One save: told, decided, set going.
    func handle(_ changes: FileChanges) async {
        guard end == nil, !changes.paths.isEmpty else { return }
        lastSave += 1
        let record = SaveRecord(id: lastSave, changes: changes)
        saves[record.id] = record
        var fields: JSONObject = [
            "files": .array(changes.paths.map { .string(shown($0)) }), "watch": .int(changes.watch),
            "settle": .int(changes.settle.milliseconds),
        ]
        if changes.isRescanned { fields["rescanned"] = true }
        journal.record(.fileChanged, save: record.id, fields)
        let paths = Set(changes.paths)
        let mends = paths.contains { path in watchedForMending.contains { Decider.covers($0, path) } }
        let configuration = connection == nil && !paths.isDisjoint(with: ports.cluster.configurationFiles)
        guard let plan else {
            await reload(record.id, reason: "no plan yet")
            return
        }
        var stale: [String: Set<String>] = [:]
        let decider = Decider(
            plan: plan, products: images.mapValues(\.product), server: connection?.info.server,
            programs: images.compactMapValues(\.program),
            refusals: refusals())
        for package in Set(plan.images.compactMap { $0.swift?.package }) {
            let paths = decider.relevant(changes.paths, to: package)
            guard !paths.isEmpty else { continue }
            do {
                let products = try await ports.build.products(of: package, affectedBy: paths)
                if !products.isEmpty { stale[package] = products }
            } catch {
                // A package that cannot be described is told about by the build, which says why.
                stale[package] = Set(images.values.filter { $0.image.swift?.package == package }.map(\.product))
            }
        }
        var outcome = decider.decide(changes.paths, stale: stale, exists: options.exists)
        let isSpecStopped = await stopLoops(&outcome, changes, decider: decider)
        let reloads = (outcome.reloads || mends) && !isSpecStopped
        for decision in outcome.decisions where resources[decision.resource] != nil {
            journal.record(
                .decisionMade, save: record.id, resource: decision.resource,
                ["action": .string(decision.action.rawValue), "reason": .string(decision.reason)])
            if decision.action != .nothing { note(record.id, for: decision.resource) }
        }
        if reloads { await reload(record.id, reason: "the spec reads \(shown(changes.paths[0]))") }
        if configuration { connect() }
        if outcome.decisions.isEmpty, !outcome.reloads, !mends {
            journal.record(
                .decisionMade, save: record.id, ["action": "nothing", "reason": "no resource uses these files"])
        }
        act(on: outcome, save: record.id, paths: changes.paths)
        settleSavesWithoutWork()
    }

    private func note(_ save: Int, for name: String) {
        resources[name]?.saves.insert(save)
    }

    private func reload(_ save: Int, reason: String) async {
        journal.record(.decisionMade, save: save, ["action": "reload", "reason": .string(reason)])
        await loadPlan(save: save)
    }

    private func act(on outcome: Decider.Outcome, save: Int, paths: [String]) {
        for (package, products) in outcome.builds {
            requestBuild(
                BuildWork(package: package, products: products, changedFiles: Set(paths)), saves: [save])
        }
        for ref in outcome.missing.keys.sorted() where !outcome.images.contains(ref) {
            keep(outcome.missing[ref] ?? [], of: ref, save: save)
        }
        for ref in Set(outcome.syncs.keys).union(outcome.deletions.keys).sorted() {
            // Made anew for another resource, it has the changes anyway.
            guard !outcome.images.contains(ref) else { continue }
            images[ref]?.add(
                outcome.syncs[ref] ?? [], deletions: outcome.deletions[ref] ?? [],
                commands: outcome.commands[ref] ?? [])
            release(ref)
            if images[ref]?.image.foreign == nil {
                publish(ref, decided: true)
            } else {
                publishForeign(ref, applied: Set(outcome.runs))
            }
        }
        // All are marked before the first one starts, so that edges between them hold within one save.
        var wanted = Set(outcome.runs)
        for ref in outcome.images {
            for stale in derived(from: ref) { images[stale]?.isStale = true }
            wanted.formUnion(users(of: ref))
        }
        let marked = order.filter { wanted.contains($0) && markForUpdate($0) }
        for name in marked { advance(name) }
    }

    /// The image and those that are made from it, directly or not.
    private func derived(from ref: String) -> Set<String> {
        var found: Set<String> = [ref]
        var isComplete = false
        while !isComplete {
            let next = images.filter { !found.isDisjoint(with: $0.value.image.dependencies) }.map(\.key)
            isComplete = found.isSuperset(of: next)
            found.formUnion(next)
        }
        return found
    }

    /// Names of resources that run the image.
    func users(of ref: String) -> [String] {
        order.filter { resources[$0]?.resource.kubernetes?.images.contains(ref) == true }
    }

    /// Forgets saves that no resource waits for.
    func settleSavesWithoutWork() {
        let open = resources.values.reduce(into: Set<Int>()) { $0.formUnion($1.saves) }
        saves = saves.filter { open.contains($0.key) || $0.key == lastSave }
    }

    /// The running system shows these saves of the resource.
    func served(_ name: String, way: String, stages: [(String, Int)]) {
        guard var state = resources[name], !state.saves.isEmpty else { return }
        // A save that changed code too, or was to be deployed, is not served by what else came in meanwhile.
        let undone = (state.resource.kubernetes?.images ?? []).reduce(
            into: state.undeployedSaves
        ) { undone, ref in
            guard let package = images[ref]?.image.swift?.package else { return }
            undone.formUnion(packages[package]?.unbuiltSaves ?? [])
        }
        let ids = state.saves.subtracting(undone).sorted()
        state.saves.formIntersection(undone)
        resources[name] = state
        for id in ids {
            guard var record = saves[id] else { continue }
            for (stage, milliseconds) in stages { record.note(stage, milliseconds) }
            journal.record(
                .saveServed, save: id, resource: name,
                [
                    "way": .string(way),
                    "stages": .object(JSONObject(record.stages.map { ($0.name, .int($0.milliseconds)) })),
                    "total": .int(record.total(at: now)),
                ])
        }
        settleSavesWithoutWork()
    }
}
