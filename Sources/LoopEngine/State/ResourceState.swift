// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// What the session knows of one resource.
struct ResourceState {
    /// What a person is told; each carries its reason.
    enum Status: Equatable, Sendable {
        case idle(String)
        case held(String)
        case building
        case deploying(String)
        case starting(String)
        case ready
        case failed(String, hint: String?)
        case crashing(String, hint: String?)

        /// The word of `resource.changed`.
        var word: String {
            switch self {
            case .idle: "idle"
            case .held: "held"
            case .building: "building"
            case .deploying: "deploying"
            case .starting: "starting"
            case .ready: "ready"
            case .failed: "failed"
            case .crashing: "crashing"
            }
        }

        var reason: String? {
            switch self {
            case .idle(let text), .held(let text), .deploying(let text), .starting(let text): text
            case .failed(let text, _), .crashing(let text, _): text
            case .building, .ready: nil
            }
        }

        var hint: String? {
            switch self {
            case .failed(_, let hint), .crashing(_, let hint): hint
            default: nil
            }
        }
    }

    var resource: Resource
    var status = Status.idle("not started")
    /// It was ready once; what `resource_deps` ask for.
    var wasReady = false
    /// Since when it has been ready without a break; nil when it is not.
    var readyAt: ContinuousClock.Instant?
    /// Objects or an image have to be applied.
    var needsDeploy = false
    /// A trigger or `auto_init` allows it to start.
    var isEnabled: Bool
    /// Manual mode: changed since the last update, waits for a trigger.
    var hasPendingChanges = false
    /// Saves that the running system does not show yet.
    var saves: Set<Int> = []
    /// Deploys, or runs the local command.
    var task: Task<Void, Never>?
    /// Number of the newest task; an older one's results are dropped.
    var taskNumber = 0
    var isTaskRunning = false
    /// What keeps a deploy from being done, since it was tried; nil when nothing does.
    var retry: DeployRetry?
    /// The newest deploy has failed: what runs is not what is wanted, whatever the Pods say.
    var deployFailure: DeployFailure?
    /// Saves that only the next deploy brings: the newest one has failed, or it waits for a trigger.
    var undeployedSaves: Set<Int> = []
    /// The newest deploy was asked for by the user.
    var isForced = false
    /// Updates that were started, and how many of them those that follow it have been told of.
    var updates = 0
    var announcedUpdates = 0
    /// When the last deploy was applied; the readiness timeout counts from here.
    var appliedAt: ContinuousClock.Instant?
    /// Marks of the newest apply, one for each workload.
    var generations: Set<String> = []
    /// Versions of the custom resources of the newest apply, by uid.
    var versions: [String: Int] = [:]
    var isApplied = false
    var pods: [PodStatus] = []
    var workloads: [WorkloadStatus] = []
    /// By `Attachment.key`.
    var attachments: [String: Attachment] = [:]
    var forwardsOpened = false
    /// Containers that devloop has not rendered: how files come into them, as it was told last.
    var foreignWay: ContainerWay?
    /// Why containers of somebody else lack files that were saved.
    var unsynced: Attachment.Trouble?
    /// Pods of which it was told that nobody can prove what they have.
    var toldUnverified: Set<String> = []
    /// The newest save for which `apply_cmd` ran since its files could not be synced.
    var appliedForSave: Int?
    /// What was told of the way of its images' changes, by ref.
    var toldWays: [String: SyncWay] = [:]
    /// Stages of the deploy that is under way, in milliseconds.
    var stages: [(String, Int)] = []

    init(_ resource: Resource) {
        self.resource = resource
        isEnabled = resource.autoInit
    }

    /// What is told of it until the next deploy, whatever its Pods say and whatever is synced into them.
    var standing: Status? {
        if hasPendingChanges { return .idle("changed; waits for a trigger") }
        return deployFailure?.status
    }

    /// Pods of the newest apply that are not on their way out.
    var currentPods: [PodStatus] {
        pods.filter { !$0.isTerminating && isCurrent($0.generation) }
    }

    /// Workloads as the newest apply has made them; what is known of them from before says nothing about it.
    var currentWorkloads: [WorkloadStatus] {
        workloads.filter { workload in
            isCurrent(workload.generation) && workload.version ?? 0 >= versions[workload.uid] ?? 0
        }
    }

    /// Custom resources of which nothing has been told since they were applied.
    private var unseen: Int { Set(versions.keys).subtracting(currentWorkloads.map(\.uid)).count }

    /// What carries no mark was not rendered by devloop, and is always current.
    private func isCurrent(_ generation: String?) -> Bool {
        // Marks are those of other sessions.
        if resource.kubernetes?.syncTarget != nil { return true }
        return generation.map { generations.isEmpty || generations.contains($0) } ?? true
    }

    /// Pods that still have to go before a rollout is complete. One that is on its way out has left its Services: it may
    /// take its whole grace period, and no request comes to it.
    var oldPods: [PodStatus] {
        pods.filter { !isCurrent($0.generation) && $0.verdict != .succeeded && !$0.isTerminating }
    }

    /// Labels that Pods of each workload have which a command applied; empty for others.
    var podSelectors: [[String: String]] = []

    /// What the Pods say together.
    var podStatus: Status {
        // What others need is among them, so they are not waited for; a failure is told all the same.
        if resource.name == Session.uncategorized { return workloadFailure ?? .ready }
        if resource.kubernetes?.podReadiness == .ignore { return .ready }
        let current = currentPods
        let mustEnd = resource.kubernetes?.podReadiness == .succeeded
        // Pods of a Job that is done may be cleared away.
        if mustEnd, wasReady, current.isEmpty { return .ready }
        let workloads = currentWorkloads
        let jobs = workloads.filter { versions[$0.uid] == nil }
        if mustEnd, versions.isEmpty, !jobs.isEmpty, jobs.allSatisfy({ $0.verdict == .complete }) { return .ready }
        // What is wrong with a Pod says more than what its controller makes of it.
        for pod in current {
            if case .failing(let failure) = pod.verdict {
                let text = "\(pod.name): \(failure.message)"
                return failure.isCrashLoop
                    ? .crashing(text, hint: failure.hint) : .failed(text, hint: failure.hint)
            }
        }
        if let workloadFailure { return workloadFailure }
        let unseen = unseen
        if unseen > 0 { return .starting("\(unseen) of its custom resources are not told of yet") }
        let progress = workloads.lazy.filter { !mustEnd || versions[$0.uid] != nil }.compactMap(\.progress).first
        guard !current.isEmpty else {
            if let progress { return .starting(progress) }
            return generations.isEmpty ? .ready : .starting("no Pod yet")
        }
        // Each of several workloads needs one; those of commands are told apart by their labels.
        let marks = Set(current.compactMap(\.generation))
        if podSelectors.isEmpty, !marks.isEmpty, !generations.isSubset(of: marks) {
            return .starting("\(generations.subtracting(marks).count) of its workloads have no Pod yet")
        }
        let missing = podSelectors.first { selector in
            !current.contains { pod in selector.allSatisfy { pod.labels[$0.key] == $0.value } }
        }
        if let missing {
            let labels = missing.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return .starting("no Pod with \(labels.joined(separator: ", ")) yet")
        }
        for pod in current {
            if case .starting(let reason) = pod.verdict { return .starting("\(pod.name): \(reason)") }
        }
        if let progress { return .starting(progress) }
        if mustEnd, let pod = current.first(where: { $0.verdict != .succeeded }) {
            return .starting("\(pod.name): has not ended yet")
        }
        // One Pod of several may have ended, and a Job is done when its controller says so.
        if mustEnd, let progress = workloads.lazy.compactMap(\.progress).first { return .starting(progress) }
        if let trouble = attachments.values.lazy.compactMap(\.trouble).first {
            return .failed(trouble.message, hint: trouble.hint)
        }
        if let unsynced { return .failed(unsynced.message, hint: unsynced.hint) }
        if let attachment = attachments.values.first(where: { !$0.isCurrent }) {
            return .starting(
                "\(attachment.pod.name): \(attachment.isConnected || attachment.foreign == .tar ? "syncing" : "connecting to the agent")"
            )
        }
        return .ready
    }

    private var workloadFailure: Status? {
        for workload in currentWorkloads {
            guard let failure = workload.failure else { continue }
            return .failed("\(workload.title): \(failure.message)", hint: failure.hint)
        }
        return nil
    }

    /// Files could not be brought, or nobody can prove that they were.
    var isSyncBroken: Bool { unsynced != nil || attachments.values.contains { $0.trouble != nil } }

    /// A failure that waiting does not mend, for headless runs.
    var hardFailure: PodStatus.Failure? {
        for pod in currentPods {
            if case .failing(let failure) = pod.verdict, !failure.mayHeal { return failure }
        }
        return currentWorkloads.lazy.compactMap(\.failure).first { !$0.mayHeal }
    }
}
