// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Plan

extension Session {
    /// Evaluates the spec and takes over what changed; a broken spec leaves everything as it runs.
    ///
    /// A file that is saved after it was read and before it is watched would go unseen, hence the second look.
    /// - Parameter save: the save that asks for it; it is served when what it changed is.
    func loadPlan(save: Int? = nil) async {
        // A spec that changes what it reads is never up to date.
        for _ in 0..<3 {
            let start = now
            loops.began(.spec, at: start)
            let outcome = await ports.spec.evaluate()
            loops.ended(.spec, at: now)
            await loadPlan(outcome, duration: now - start, save: save)
            guard !isOneShot, end == nil, outcome.isOutdated() else { return }
        }
    }

    private func loadPlan(_ outcome: SpecOutcome, duration: Duration, save: Int?) async {
        for line in outcome.output { journal.record(.logWritten, resource: nil, ["text": .string(line)]) }
        guard end == nil else { return }
        guard let newPlan = outcome.plan, outcome.error == nil else {
            let error = outcome.error ?? DevloopError(.spec, "the Devloopfile gave no plan")
            watchedForMending = Set(outcome.watchedFiles)
            journal.record(.planFailed, Self.fields(error))
            // No save mends the command line; but what runs already is not ended by an edit of the file.
            if isOneShot || (plan == nil && error.code == .usage) {
                stop(error.code.exit, reason: error.description, hint: error.hint)
            } else {
                await updateWatch()
            }
            return
        }
        watchedForMending = Set(outcome.watchedFiles)
        if let unknown = (options.names + options.localNames).first(where: { newPlan.resource($0) == nil }) {
            let names = newPlan.resources.map(\.name).joined(separator: ", ")
            stop(.usage, reason: "there is no resource \"\(unknown)\"", hint: "resources: \(names)")
            return
        }
        var fields: JSONObject = [
            "resources": .array(newPlan.resources.map { .string($0.name) }),
            "duration": .int(duration.milliseconds),
            "warnings": .array(
                newPlan.warnings.map { warning in
                    .string(warning.location.map { "\($0): \(warning.message)" } ?? warning.message)
                }),
        ]
        let buttons = newPlan.settings.buttons
        if !buttons.isEmpty { fields["buttons"] = .array(buttons.map(Self.fields)) }
        journal.record(.planLoaded, fields)
        await take(newPlan, save: save)
        await updateWatch()
        if isOneShot, order.isEmpty { return stop(.ok, reason: "the plan has no resources") }
        if plan?.resources.contains(where: { $0.kubernetes != nil }) == true, connection == nil {
            connect()
        } else {
            advanceAll()
        }
    }

    /// Replaces the plan; resources whose inputs differ are updated, those that left are pruned.
    private func take(_ newPlan: Plan, save: Int?) async {
        var changedNames: [String] = []
        let old = plan
        plan = newPlan
        connection?.take(newPlan)
        scrubber.hideSecrets(of: newPlan)
        let chosen = options.names.isEmpty ? nil : withDependencies(options.names, in: newPlan)
        let enabled = newPlan.settings.enabledResources.map(Set.init)
        order = newPlan.resources.map(\.name).filter { chosen?.contains($0) ?? enabled?.contains($0) ?? true }
        for image in newPlan.images {
            if images[image.ref]?.image.definition == image.definition {
                images[image.ref]?.image.location = image.location
                continue
            }
            do {
                var state = ImageState(image, product: try await product(of: image))
                state.version = images[image.ref].map { $0.version + 1 } ?? 0
                if image.foreign != nil, let old = images[image.ref] { state.inherit(from: old) }
                images[image.ref] = state
            } catch {
                var state = ImageState(image, product: "")
                state.isStale = true
                images[image.ref] = state
                journal.record(.imageFailed, ["message": .string(Self.text(error))])
            }
        }
        for name in order {
            guard let resource = newPlan.resource(name) else { continue }
            if var state = resources[name] {
                let changed = state.resource.definition != resource.definition
                let imagesChanged = (resource.kubernetes?.images ?? []).contains { ref in
                    old?.image(ref)?.definition != newPlan.image(ref)?.definition
                }
                state.resource = resource
                let configurationChanged =
                    old.map { $0.configuration(of: resource) } != newPlan.configuration(of: resource)
                if changed || imagesChanged || configurationChanged {
                    changedNames.append(name)
                    if let save { state.saves.insert(save) }
                    journal.record(
                        .decisionMade, save: save, resource: name,
                        [
                            "action": "apply",
                            "reason": .string(
                                changed
                                    ? "its definition changed"
                                    : imagesChanged
                                        ? "its image's rules changed" : "a ConfigMap or Secret that it uses changed"),
                        ])
                }
                resources[name] = state
            } else {
                var state = ResourceState(resource)
                state.needsDeploy = true
                if let save { state.saves.insert(save) }
                resources[name] = state
            }
        }
        for name in resources.keys where !order.contains(name) {
            // Only the old plan knows the command that takes it down.
            if newPlan.resource(name) == nil, let left = resources[name], left.isApplied {
                spawn { await $0.takeDown(left.resource) }
            }
            drop(name)
        }
        // All are marked before the first one starts, so that one can wait for another.
        let marked = changedNames.filter { markForUpdate($0) }
        for name in marked { advance(name) }
        if old != nil, options.names.isEmpty { await prune() }
        settleSavesWithoutWork()
        restartObservation()
    }

    private func withDependencies(_ names: [String], in plan: Plan) -> Set<String> {
        var found: Set<String> = []
        var open = names
        while let name = open.popLast() {
            guard found.insert(name).inserted, let resource = plan.resource(name) else { continue }
            open += resource.dependencies + resource.after + resource.rebuiltBy
        }
        return found
    }

    private func product(of image: Image) async throws -> String {
        guard let swift = image.swift else { return "" }
        return swift.product.isEmpty ? try await ports.build.onlyProduct(of: swift.package) : swift.product
    }

    private func drop(_ name: String) {
        guard let state = resources.removeValue(forKey: name) else { return }
        state.task?.cancel()
        for attachment in state.attachments.values {
            attachment.task?.cancel()
            attachment.signal.finish()
        }
    }

    func prune() async {
        guard let connection, let plan else { return }
        let journal = journal
        let objects = plan.resources.compactMap(\.kubernetes).flatMap(\.objects)
        do {
            try await connection.prune(keeping: objects) { Self.record($0, in: journal, resource: nil) }
        } catch {
            journal.record(.clusterFailed, ["message": .string("cannot prune: \(Self.text(error))")])
        }
    }

    /// Everything whose change can matter; absolute paths.
    func watchRoots() async -> [String] {
        var roots = watchedForMending
        if connection == nil { roots.formUnion(ports.cluster.configurationFiles) }
        guard let plan else { return roots.sorted() }
        roots.formUnion(plan.watchRoots)
        for package in Set(plan.images.compactMap { $0.swift?.package }) {
            roots.formUnion((try? await ports.build.roots(of: package)) ?? [package])
        }
        return roots.sorted()
    }

    func updateWatch() async {
        guard !isOneShot, end == nil else { return }
        if let settings = plan?.settings {
            await ports.watch.settle(.seconds(settings.settle), limit: .seconds(settings.settleLimit))
        }
        guard isWatching else { return await startWatch() }
        do {
            try await ports.watch.update(roots: await watchRoots())
        } catch {
            journal.record(.clusterFailed, ["message": .string("cannot watch: \(Self.text(error))")])
        }
    }

    private static func fields(_ button: Button) -> JSONValue {
        [
            "name": .string(button.name), "text": .string(button.text),
            "resource": button.resource.map(JSONValue.string) ?? .null,
        ]
    }

    /// What events say of an error.
    package static func fields(_ error: DevloopError) -> JSONObject {
        var fields: JSONObject = ["code": .string(error.code.name), "message": .string(error.message)]
        if let location = error.location {
            fields["file"] = .string(location.file)
            if let line = location.line { fields["line"] = .int(line) }
            if let column = location.column { fields["column"] = .int(column) }
        }
        if let hint = error.hint { fields["hint"] = .string(hint) }
        if !error.backtrace.isEmpty { fields["backtrace"] = .array(error.backtrace.map { .string($0) }) }
        return fields
    }
}
