// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Plan

/// The engine: one state, fed by file changes, builds, Pods and the user, each step told to the journal.
///
/// Long work runs in tasks that the session owns and cancels; they come back by calling its methods. Topics are in
/// extensions: `+Plan`, `+Changes`, `+Builds`, `+Deploy`, `+Pods`, `+Sync`, `+Forwards`, `+OneShot`.
package actor Session {
    nonisolated let options: SessionOptions
    let ports: Ports
    package nonisolated let journal: Journal

    /// Whatever is logged goes through it.
    nonisolated let scrubber = Scrubber()
    var plan: Plan?
    var connection: (any ClusterConnection)?
    /// Runs while the cluster is looked for.
    var connecting: Task<Void, Never>?
    var resources: [String: ResourceState] = [:]
    /// Names in the plan's order.
    var order: [String] = []
    var images: [String: ImageState] = [:]
    var packages: [String: PackageState] = [:]
    var saves: [Int: SaveRecord] = [:]
    var loops = LoopDetector()
    var lastSave = 0
    /// Ids of runs of containers whose logs are being read or were read to the end.
    var logged: Set<String> = []
    /// Who reads the log of each container, by the Pod's uid and the container's name.
    var logReaders: [String: LogReader] = [:]
    var forwards: [any OpenForward] = []
    /// Files that mend the spec or the kubeconfig, beyond the plan's own.
    var watchedForMending: Set<String> = []
    var isWatching = false
    /// Resources that the user asked to update, until they are.
    var forced: Set<String> = []
    /// What commands of `k8s_custom_deploy` said that they applied, by resource.
    var customResults: [String: CustomResult] = [:]
    /// What was left out of the last set of each resource.
    var syncProblems: [String: Set<String>] = [:]
    /// Warnings of the cluster that were told.
    var toldWarnings: Set<String> = []
    var tasks: [Int: Task<Void, Never>] = [:]
    var lastTask = 0
    var observing: Task<Void, Never>?
    /// What was told last about a connection that is broken; nil while it stands.
    var toldTrouble: String?
    var end: SessionEnd?
    let startedAt: ContinuousClock.Instant
    /// It was told that all is ready.
    var wasReady = false
    /// One-shot: the clock of the whole run is ticking.
    var deadlinesStarted = false
    /// One-shot: the failure that ends the run is being described.
    var isFailing = false
    let ended: AsyncStream<Void>
    let endedContinuation: AsyncStream<Void>.Continuation

    package init(options: SessionOptions, ports: Ports) {
        self.options = options
        self.ports = ports
        startedAt = ports.clock.now()
        journal = Journal(wall: ports.clock.wall, scrubber: scrubber)
        (ended, endedContinuation) = AsyncStream.makeStream(of: Void.self)
    }

    var isOneShot: Bool { options.mode != .up }
    var now: ContinuousClock.Instant { ports.clock.now() }

    /// Works until ``stop(_:reason:hint:)``, or until a one-shot command has its answer. Call once.
    package func run() async -> SessionEnd {
        journal.record(
            .sessionStarted, ["command": .string(options.mode.rawValue), "version": .string(options.version)])
        spawn { await $0.loadPlan() }
        for await _ in ended {}
        let result = end ?? SessionEnd(status: .interrupted, reason: "interrupted", hint: nil, failed: [])
        await shutDown()
        journal.record(
            .sessionEnded,
            [
                "exit": .int(Int(result.status.rawValue)), "reason": .string(result.reason ?? "done"),
                "failed": .array(result.failed.map { .string($0.resource) }),
            ])
        journal.close()
        return result
    }

    /// Ends the session; the first call decides the outcome.
    package func stop(_ status: ExitStatus, reason: String? = nil, hint: String? = nil) {
        guard end == nil else { return }
        let failed: [(resource: String, reason: String)] = order.compactMap { name in
            guard let state = resources[name] else { return nil }
            switch state.status {
            case .failed(let reason, _), .crashing(let reason, _): return (name, reason)
            default: return nil
            }
        }
        end = SessionEnd(status: status, reason: reason, hint: hint, failed: failed)
        endedContinuation.finish()
    }

    /// Watches for files until the session ends.
    func startWatch() async {
        isWatching = true
        do {
            let changes = try await ports.watch.start(roots: await watchRoots())
            spawn { session in
                for await change in changes { await session.handle(change) }
            }
            let warnings = ports.watch.warnings
            let journal = journal
            spawn { _ in
                for await warning in warnings {
                    journal.record(
                        .watchWarned, ["message": .string(warning.message), "hint": .string(warning.hint)])
                }
            }
        } catch let error as DevloopError {
            stop(error.code.exit, reason: error.description, hint: error.hint)
        } catch {
            stop(.workFailed, reason: "cannot watch files: \(error)")
        }
    }

    /// Runs work that belongs to the session; it is cancelled and awaited at the end.
    @discardableResult
    func spawn(_ work: @escaping @Sendable (Session) async -> Void) -> Task<Void, Never> {
        lastTask += 1
        let number = lastTask
        let task = Task { [weak self] in
            guard let self else { return }
            await work(self)
            await self.forget(number)
        }
        tasks[number] = task
        return task
    }

    private func forget(_ number: Int) { tasks[number] = nil }

    /// Ends everything that was started, in the order in which it depends on each other.
    private func shutDown() async {
        await ports.watch.stop()
        for forward in forwards { await forward.close() }
        for state in packages.values { state.task?.cancel() }
        for task in tasks.values { task.cancel() }
        for state in resources.values {
            for attachment in state.attachments.values { attachment.signal.finish() }
        }
        for task in tasks.values { await task.value }
        // Nothing is under way any more that could make again what is deleted.
        if options.onExit == .delete, let connection, let plan {
            let chosen = plan.resources.filter { order.contains($0.name) }
            let objects = chosen.compactMap(\.kubernetes).flatMap(\.objects)
            let journal = journal
            for resource in chosen where resources[resource.name]?.isApplied == true { await takeDown(resource) }
            do {
                try await connection.delete(objects) { Self.record($0, in: journal, resource: nil) }
            } catch {
                journal.record(
                    .clusterFailed, ["message": .string("cannot delete what was created: \(Self.text(error))")])
            }
        }
        await connection?.close()
    }

    /// Sets the status and tells it, when it is another one.
    func set(_ status: ResourceState.Status, for name: String) {
        guard var state = resources[name], state.status != status else { return }
        state.status = status
        if status == .ready { state.wasReady = true }
        state.readyAt = status == .ready ? now : nil
        resources[name] = state
        var fields: JSONObject = ["state": .string(status.word)]
        if let reason = status.reason { fields["reason"] = .string(reason) }
        if let hint = status.hint { fields["hint"] = .string(hint) }
        if case .held(let reason) = status {
            journal.record(.resourceHeld, resource: name, ["reason": .string(reason)])
        }
        journal.record(.resourceChanged, resource: name, fields)
        if status == .ready {
            announceUpdate(of: name)
            advanceAll()
            tellWhenAllAreReady()
        }
        if isOneShot { checkOneShot() }
    }

    private func tellWhenAllAreReady() {
        let started = order.filter { resources[$0]?.isEnabled == true }
        guard !wasReady, !started.isEmpty, started.allSatisfy({ resources[$0]?.wasReady == true }) else { return }
        wasReady = true
        journal.record(
            .sessionReady,
            [
                "resources": .array(started.map(JSONValue.string)),
                "duration": .int((now - startedAt).milliseconds),
            ])
    }

    /// Hands a line to whoever shows logs.
    nonisolated func log(_ resource: String, pod: String, container: String, _ line: LogLine) {
        var line = line
        line.bytes = scrubber.scrub(line.bytes)
        options.onLog(resource, pod, container, line)
        if options.journalsLogs {
            journal.record(
                .logWritten, resource: resource,
                [
                    "pod": .string(pod), "container": .string(container),
                    "text": .string(String(decoding: line.bytes, as: UTF8.self)),
                ])
        }
    }

    static func text(_ error: any Error) -> String {
        (error as? DevloopError)?.description ?? "\(error)"
    }

    /// A path below the session's folder without that folder.
    func shown(_ path: String) -> String {
        path.hasPrefix(options.root) ? String(path.dropFirst(options.root.count)) : path
    }
}
