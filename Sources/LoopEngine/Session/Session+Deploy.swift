// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// Asks for a deploy, or for a run of a local command; a newer wish replaces one that is under way (design D14).
    func requestDeploy(_ name: String) {
        if markForUpdate(name) { advance(name) }
    }

    /// Notes that the resource is to be updated.
    /// - Returns: false when it waits for a trigger instead.
    func markForUpdate(_ name: String) -> Bool {
        guard var state = resources[name] else { return false }
        if state.resource.triggerMode == .manual, state.isApplied {
            state.hasPendingChanges = true
            state.undeployedSaves = state.saves
            resources[name] = state
            if let standing = state.standing { set(standing, for: name) }
            return false
        }
        state.needsDeploy = true
        state.retry?.isWaiting = false
        // Also a server that runs on, though it holds no slot.
        if let task = state.task {
            task.cancel()
            state.isTaskRunning = false
            state.taskNumber += 1
        }
        resources[name] = state
        return true
    }

    /// A resource has a new version: those that it rebuilds follow.
    func announceUpdate(of name: String) {
        guard var state = resources[name], state.updates != state.announcedUpdates else { return }
        state.announcedUpdates = state.updates
        resources[name] = state
        for other in order where resources[other]?.resource.rebuiltBy.contains(name) == true {
            guard let follower = resources[other], follower.updates > 0 else { continue }
            journal.record(
                .decisionMade, resource: other,
                [
                    "action": .string(follower.resource.local == nil ? "image" : "run"),
                    "reason": .string("\(name) has a new version, and rebuilds it"),
                ])
            for ref in follower.resource.kubernetes?.images ?? [] where images[ref]?.image.swift == nil {
                images[ref]?.isStale = true
            }
            requestDeploy(other)
        }
    }

    /// Whether an update of the resource is neither wanted nor under way, and it is ready.
    private func isSettled(_ name: String) -> Bool {
        guard let state = resources[name] else { return true }
        return state.status == .ready && !state.needsDeploy && !state.isTaskRunning
    }

    /// The user asks for an update, whatever the trigger mode.
    package func trigger(_ name: String) {
        guard var state = resources[name] else { return }
        state.isEnabled = true
        state.hasPendingChanges = false
        state.needsDeploy = true
        state.retry?.isWaiting = false
        resources[name] = state
        forced.insert(name)
        forgetLoops(of: name)
        for ref in state.resource.kubernetes?.images ?? [] {
            if let image = images[ref], image.image.swift == nil { images[ref]?.isStale = true }
            if let image = images[ref], let package = image.image.swift?.package {
                requestBuild(BuildWork(package: package, products: [image.product], changedFiles: []), saves: [])
            }
        }
        advance(name)
    }

    /// The user asks for new Pods of the same objects.
    package func restart(_ name: String) {
        guard let connection, let state = resources[name] else { return }
        let journal = journal
        for pod in state.currentPods {
            spawn { _ in
                do {
                    try await connection.restart(pod: pod)
                } catch {
                    journal.record(
                        .podWarned, resource: name,
                        [
                            "object": .string("pod/\(pod.name)"), "reason": "RestartFailed",
                            "message": .string(Self.text(error)),
                            "count": 1,
                        ])
                }
            }
        }
    }

    func advanceAll() {
        for name in order { advance(name) }
    }

    /// The resource that holds what belongs to no workload; Tilt's name.
    static let uncategorized = "uncategorized"

    /// Starts what the resource needs next, or says what it waits for.
    func advance(_ name: String) {
        guard end == nil, let state = resources[name], state.needsDeploy, !state.isTaskRunning,
            state.retry?.isWaiting != true
        else { return }
        guard state.isEnabled else { return set(.idle("waits for a trigger"), for: name) }
        if let dependency = state.resource.dependencies.first(where: { resources[$0]?.wasReady == false }) {
            return set(.held("waits for \(dependency) to be ready"), for: name)
        }
        if let first = state.resource.after.first(where: { !isSettled($0) }) {
            return set(.held("waits for \(first) to be ready"), for: name)
        }
        if let first = state.resource.rebuiltBy.first(where: { !isSettled($0) }) {
            return set(.held("waits for the new version of \(first)"), for: name)
        }
        // Configuration and rights that no workload claims are there before the workloads that need them.
        if state.resource.kubernetes != nil, name != Self.uncategorized,
            resources[Self.uncategorized]?.wasReady == false
        {
            return set(.held("waits for \(Self.uncategorized) objects"), for: name)
        }
        if let other = configurationToWaitFor(name) {
            return set(.held("waits for the configuration in \(other)"), for: name)
        }
        if state.resource.kubernetes != nil {
            guard connection != nil else { return set(.held("waits for the cluster"), for: name) }
            guard buildsAreDone(for: state) else { return }
        }
        let limit = plan?.settings.maximumParallelUpdates ?? 3
        let running = resources.values.filter(\.isTaskRunning).count
        guard running < limit else {
            return set(.held("waits for one of \(limit) updates to end"), for: name)
        }
        start(name)
    }

    /// Whether every Swift image of the resource has its executable; asks for the builds that are missing.
    private func buildsAreDone(for state: ResourceState) -> Bool {
        for ref in state.resource.kubernetes?.images ?? [] {
            guard let image = images[ref], let swift = image.image.swift else { continue }
            let queue = packages[swift.package]
            let isQueued = [queue?.running, queue?.pending].contains { $0?.products.contains(image.product) == true }
            if isQueued { return false }
            if image.artifact == nil {
                // A failed build is tried again by the next save, not by every event in between.
                if queue?.failure != nil, case .failed = state.status { return false }
                requestMissingBuilds(of: swift.package)
                return false
            }
        }
        return true
    }

    /// One build for all products of the package that no resource has yet: one planning, one queue.
    private func requestMissingBuilds(of package: String) {
        let wanted = order.flatMap { resources[$0]?.resource.kubernetes?.images ?? [] }
        let products = images.values
            .filter { $0.image.swift?.package == package && $0.artifact == nil && wanted.contains($0.image.ref) }
            .map(\.product)
        guard !products.isEmpty else { return }
        requestBuild(BuildWork(package: package, products: Set(products), changedFiles: []), saves: [])
    }

    private func start(_ name: String) {
        guard var state = resources[name] else { return }
        state.needsDeploy = false
        state.isTaskRunning = true
        state.taskNumber += 1
        state.updates += 1
        state.stages = []
        state.hasPendingChanges = false
        state.deployFailure = nil
        state.undeployedSaves = []
        state.isForced = false
        let number = state.taskNumber
        resources[name] = state
        if runsCommand(name) { loops.began(.resource(name), at: now) }
        if let local = state.resource.local {
            runLocal(name, local, number: number)
        } else {
            deploy(name, number: number)
        }
    }

    private func deploy(_ name: String, number: Int) {
        guard let connection, let kubernetes = resources[name]?.resource.kubernetes,
            let resource = resources[name]?.resource
        else { return }
        let needed = kubernetes.images.compactMap { images[$0] }.filter(\.needsImage)
        // What stands in the way is told once, however often it is tried.
        let isRetry = resources[name]?.retry != nil
        if !isRetry { set(.deploying(needed.isEmpty ? "applying" : "packing"), for: name) }
        let live = Set(isOneShot ? [] : kubernetes.images.filter { images[$0]?.isLive == true })
        let save = resources[name]?.saves.max()
        let journal = journal
        let files = options.files
        let task = spawn { session in
            do {
                for image in needed {
                    let start = await session.imageBegins(image.image.ref)
                    let work = ImageWork(
                        image: image.image, artifact: image.artifact, product: image.product,
                        isLive: live.contains(image.image.ref) && image.image.swift != nil,
                        synced: live.contains(image.image.ref) ? LiveChanges.sources(image.image, files: files) : [])
                    // Read before the image is made: what is saved meanwhile asks for another one.
                    let initial =
                        live.contains(image.image.ref) ? LiveChanges.initial(image.image, files: files) : [:]
                    let reference = try await connection.makeImage(work) { notice in
                        Self.record(notice, in: journal, save: save, resource: name)
                    }
                    var made = image
                    made.reference = reference
                    if live.contains(image.image.ref), image.image.swift == nil {
                        made.program = await connection.program(of: image.image)
                    }
                    await session.imageMade(made, initial: initial, for: name, number: number, start: start)
                }
                await session.tellWays(name)
                try Task.checkCancellation()
                let result: ApplyResult
                let start = await session.now
                if let custom = await session.customWork(resource) {
                    let made = try await connection.deploy(custom) { Self.record($0, in: journal, resource: name) }
                    await session.customDeployed(name, number: number, made)
                    result = ApplyResult(generations: made.generation.map { [$0] } ?? [])
                } else if kubernetes.syncTarget != nil {
                    await session.customDeployed(name, number: number, try await connection.locate(resource))
                    // Pods of somebody else carry none of our marks.
                    result = ApplyResult(generations: ["found"])
                } else {
                    let apply = await session.applyWork(resource, kubernetes, live: live)
                    result = try await connection.apply(apply) { notice in
                        // What was told with the first try.
                        if isRetry, case .applied(_, "unchanged", _) = notice { return }
                        if isRetry, case .failed(_, let error) = notice, error.code == .namespaceMissing { return }
                        Self.record(notice, in: journal, resource: name)
                    }
                }
                await session.applied(name, number: number, result, start: start)
            } catch {
                await session.deployFailed(name, number: number, error: error)
            }
        }
        resources[name]?.task = task
    }

    /// The moment at which an image begins to be made.
    private func imageBegins(_ ref: String) -> ContinuousClock.Instant {
        loops.began(.image(ref), at: now)
        return now
    }

    private func imageMade(
        _ image: ImageState, initial: [ExactPath: SyncSet.File], for name: String, number: Int,
        start: ContinuousClock.Instant
    ) {
        loops.ended(.image(image.image.ref), at: now)
        guard var current = images[image.image.ref] else { return }
        current.reference = image.reference
        current.packed = image.artifact
        current.program = image.program
        current.isStale = false
        let hadChanges = current.hasChangedFiles
        current.forgetChanges(initial: initial)
        images[image.image.ref] = current
        if hadChanges { applyToOthers(image.image.ref, madeFor: name) }
        guard resources[name]?.taskNumber == number else { return }
        resources[name]?.stages.append(("image", (now - start).milliseconds))
    }

    private func applyWork(
        _ resource: Resource, _ kubernetes: KubernetesResource, live: Set<String>
    ) -> ApplyWork {
        let references = kubernetes.images.reduce(into: [String: String]()) { $0[$1] = images[$1]?.reference }
        let programs = live.reduce(into: [String: LiveProgram]()) { programs, ref in
            guard let image = images[ref] else { return }
            switch syncWay(of: ref, in: resource.name) {
            case .builtIn:
                programs[ref] = LiveProgram(
                    entrypoint: ["/app/\(image.product)"], arguments: image.image.swift?.arguments ?? [])
            case .injected:
                programs[ref] = LiveProgram(
                    entrypoint: image.program?.entrypoint, arguments: image.program?.arguments ?? [], isInjected: true)
                programs[ref]?.staysAfterExit = image.image.staysAfterExit
            case .refused, .foreign, nil: return
            }
        }
        let used = kubernetes.images.compactMap { images[$0]?.image }
        let isForced = forced.remove(resource.name) != nil
        resources[resource.name]?.isForced = isForced
        return ApplyWork(
            resource: resource, objects: kubernetes.objects, images: used, references: references, live: programs,
            timeout: .seconds(plan?.settings.applyTimeout ?? 30),
            configuration: plan?.configuration(of: resource) ?? [], isForced: isForced)
    }

    private func applied(_ name: String, number: Int, _ result: ApplyResult, start: ContinuousClock.Instant) {
        let generations = result.generations
        guard var state = resources[name], state.taskNumber == number else { return }
        loops.ended(.resource(name), at: now)
        state.isTaskRunning = false
        state.task = nil
        let isSame = state.generations == generations && state.isApplied
        state.generations = generations
        state.versions = result.versions
        state.isApplied = true
        state.retry = nil
        state.appliedAt = now
        state.stages.append(("apply", (now - start).milliseconds))
        resources[name] = state
        set(.starting("rolling out"), for: name)
        addInitialFiles(name)
        openForwards(name)
        reconcileAttachments(name)
        // Those that have given up may have what they need now.
        for attachment in resources[name]?.attachments.values.filter({ !$0.isCurrent }) ?? [] {
            attachment.signal.yield()
        }
        if isSame, !generations.isEmpty, !state.saves.isEmpty, state.podStatus == .ready {
            served(name, way: "apply", stages: state.stages)
        }
        refresh(name)
        advanceAll()
    }

    func deployFailed(_ name: String, number: Int, error: any Error) {
        guard var state = resources[name], state.taskNumber == number else { return }
        state.isTaskRunning = false
        state.task = nil
        resources[name] = state
        loops.ended(.resource(name), at: now)
        for ref in state.resource.kubernetes?.images ?? [] { loops.ended(.image(ref), at: now) }
        guard end == nil, !(error is CancellationError) else { return advanceAll() }
        let error = (error as? DevloopError) ?? DevloopError(.objectRefused, "\(error)")
        if error.code == .image {
            var fields = Self.fields(error)
            fields["code"] = nil
            journal.record(.imageFailed, save: state.saves.max(), resource: name, fields)
        }
        if let retry = DeployRetry.after(error, state.retry, isOneShot: isOneShot) {
            postpone(name, number: number, retry, error)
        } else {
            let status = ResourceState.Status.failed(error.description, hint: error.hint)
            resources[name]?.retry = nil
            if state.resource.kubernetes != nil {
                resources[name]?.stages = []
                resources[name]?.undeployedSaves = state.saves
                resources[name]?.deployFailure = DeployFailure(status: status, isOfImage: error.code == .image)
            }
            set(status, for: name)
        }
        advanceAll()
    }
}
