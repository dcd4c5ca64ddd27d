// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Glibc
import KubeClient
import LoopEngine
import Plan

/// The inventory of a project in a namespace, and the claim of a session on it.
///
/// Each write says which version it changes, so that of two sessions that come at the same time one is told, and so that
/// a session that was asleep while another one took over notices.
actor InventoryKeeper {
    nonisolated let owner: Ownership.Owner
    private let client: KubeClient
    private var project: String { owner.project }
    private var namespace: String { owner.namespace }
    private let clock: EngineClock
    private var inventory: Inventory
    /// This session; nil for one that only takes down.
    private let me: SessionHolder?
    /// Version of the ConfigMap that the next write changes; nil while there is none.
    private var version: String?
    /// What was added and taken out and is not written yet.
    private var added: [Inventory.Entry] = []
    private var removed: Set<Inventory.Entry> = []
    /// How Jobs have ended, as far as it is not written yet; nil forgets it.
    private var successes: [Inventory.Entry: String?] = [:]
    private var isChanged: Bool { !added.isEmpty || !removed.isEmpty || !successes.isEmpty }
    /// Jobs whose end is waited for, by their uid.
    private var jobs: [String: (entry: Inventory.Entry, mark: String)] = [:]
    /// Jobs whose end was seen before they were waited for, by their uid.
    private var ended: Set<String> = []
    private var isHeld = false
    /// The user may not write ConfigMaps: everything works, but nothing is remembered.
    private var isForbidden = false
    private var wasTold = false
    /// Until the first write: another session is not waited for.
    private var takesOver: Bool
    /// What the user is told with the next objects.
    private var remark: String?
    private var last: Task<Void, any Error>?
    private var renewing: Task<Void, Never>?

    /// - Parameter me: nil for what only takes down.
    init(
        client: KubeClient, namespace: String, project: String, me: SessionHolder?, clock: EngineClock,
        takesOver: Bool = false
    ) {
        self.takesOver = takesOver
        self.client = client
        owner = Ownership.Owner(namespace: namespace, project: project)
        self.me = me
        self.clock = clock
        inventory = Inventory(project: project)
    }

    /// A session of this process that begins now.
    static func session(_ command: String, at now: WallTime) -> SessionHolder {
        SessionHolder(
            user: HostPaths.user, host: HostPaths.hostName, process: Int(getpid()), command: command, since: now,
            renewed: now)
    }

    /// Nobody else has claimed the project since; also where nothing can be written down.
    var isOurs: Bool { isHeld || isForbidden }

    /// Reads what there is, and claims it.
    /// - Throws: `sessionBusy` when another session holds it.
    func open() async throws {
        try await read()
        if me != nil { try await write() }
    }

    /// The session that holds the project, other than this one; nil when there is none.
    func otherHolder() -> SessionHolder? { Self.other(inventory.holder, than: probe) }

    /// The session that holds another project; nil when there is none.
    func holder(of other: Ownership.Owner) async throws -> SessionHolder? {
        do {
            let map = try await client.find(
                .configMaps, name: Inventory.name(of: other.project), namespace: other.namespace)
            return map.flatMap { Self.other(Inventory(project: other.project, $0).holder, than: probe) }
        } catch  where error.kubeFailure?.status == 403 {
            return nil
        }
    }

    /// Writes down what is about to be applied.
    /// - Returns: a remark for the user, once.
    /// - Throws: `sessionBusy` when another session has taken over.
    func note(_ entries: [Inventory.Entry]) async throws -> String? {
        let known = Set(inventory.entries)
        added += entries.filter { !known.contains($0) }
        removed.subtract(entries)
        _ = inventory.add(entries)
        if isChanged || (me != nil && !isHeld) { try await write() }
        if let words = remark {
            remark = nil
            return words
        }
        guard isForbidden, !wasTold else { return nil }
        wasTold = true
        return
            "ConfigMap \(Inventory.name(of: project)) cannot be written in '\(namespace)': what leaves the spec between "
            + "sessions is not deleted, and other sessions are not noticed"
    }

    /// Takes out what is gone.
    func forget(_ entries: Set<Inventory.Entry>) async throws {
        if inventory.remove(entries) {
            removed.formUnion(entries)
            added.removeAll { entries.contains($0) }
            for entry in entries { successes.removeValue(forKey: entry) }
        }
        jobs = jobs.filter { !entries.contains($0.value.entry) }
        if isChanged { try await write() }
    }

    func left(keeping: [Inventory.Entry]) -> [Inventory.Entry] { inventory.left(keeping: keeping) }

    /// Gives the claim back, and deletes an inventory of nothing.
    func close() async {
        renewing?.cancel()
        // A cluster that does not answer must not keep devloop from ending; the claim runs out by itself.
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.giveBack() }
            group.addTask { [clock] in
                do { try await clock.sleep(.seconds(3)) } catch { return }
                await self.stopWriting()
            }
            await group.next()
            group.cancelAll()
        }
        await renewing?.value
    }

    private func stopWriting() { last?.cancel() }

    private func giveBack() async {
        _ = await last?.result
        guard isHeld || me == nil, version != nil, !isForbidden else { return }
        if inventory.entries.isEmpty, otherHolder() == nil {
            _ = try? await client.delete(.configMaps, name: Inventory.name(of: project), namespace: namespace)
        } else if isHeld {
            isHeld = false
            for _ in 0..<3 {
                inventory.holder = nil
                if (try? await send()) != false { return }
                try? await read()
                if otherHolder() != nil { return }
            }
        }
    }

    // MARK: Jobs

    /// Whether the Job with this mark has ended well, in this session or an earlier one.
    func hasSucceeded(_ entry: Inventory.Entry, mark: String) -> Bool { inventory.success(of: entry) == mark }

    /// A Job is about to be made anew: how the one before has ended says nothing about it.
    /// - Throws: `sessionBusy` when another session has taken over.
    func forgetSuccess(of entry: Inventory.Entry) async throws {
        guard inventory.set(success: nil, of: entry) else { return }
        successes.updateValue(nil, forKey: entry)
        try await write()
    }

    /// Remembers that the Job has ended well, as soon as it has.
    func follow(job uid: String, _ entry: Inventory.Entry, mark: String) {
        jobs = jobs.filter { $0.value.entry != entry }
        jobs[uid] = (entry, mark)
        if ended.remove(uid) != nil { succeeded(job: uid) }
    }

    /// A Job has ended well. Does not wait until that is written: ``close()`` does.
    func succeeded(job uid: String) {
        guard let (entry, mark) = jobs.removeValue(forKey: uid) else {
            ended.insert(uid)
            return
        }
        guard inventory.set(success: mark, of: entry) else { return }
        successes.updateValue(mark, forKey: entry)
        if !isForbidden { _ = queue() }
    }

    // MARK: Reading and writing

    /// Whom a holder is compared with; for the eyes of one that holds nothing.
    private var probe: SessionHolder {
        let now = clock.wall()
        var probe = me ?? Self.session("down", at: now)
        probe.renewed = now
        return probe
    }

    private static func other(_ holder: SessionHolder?, than me: SessionHolder) -> SessionHolder? {
        if case .held(let other) = me.claim(against: holder, isRunning: { isRunning($0) }) { return other }
        return nil
    }

    private static func isRunning(_ process: Int) -> Bool { kill(pid_t(process), 0) == 0 || errno == EPERM }

    /// Takes over what is written down, and keeps what is noted and not written yet.
    private func read() async throws {
        do {
            let map = try await client.find(.configMaps, name: Inventory.name(of: project), namespace: namespace)
            version = map?.at("metadata", "resourceVersion")?.string
            inventory = map.map { Inventory(project: project, $0) } ?? Inventory(project: project)
            _ = inventory.remove(removed)
            _ = inventory.add(added)
            for (entry, mark) in successes { _ = inventory.set(success: mark, of: entry) }
        } catch  where error.kubeFailure?.status == 403 {
            isForbidden = true
        }
    }

    /// One write after another, each with the newest state.
    private func write() async throws {
        guard !isForbidden else { return }
        try await queue().value
    }

    private func queue() -> Task<Void, any Error> {
        let previous = last
        let task = Task {
            _ = await previous?.result
            try await self.claimAndSend()
        }
        last = task
        return task
    }

    private func claimAndSend() async throws {
        for _ in 0..<5 {
            if let me {
                // What was read may be old: the other session may have ended since.
                if otherHolder() != nil { try await read() }
                if let other = otherHolder() {
                    guard takesOver else {
                        isHeld = false
                        throw Self.busy(project, other)
                    }
                    remark = "taken over from \(other.text)"
                }
                inventory.holder = me
                inventory.holder?.renewed = clock.wall()
            }
            guard try await send() else {
                // Somebody else was quicker: look again.
                try await read()
                continue
            }
            takesOver = false
            if me != nil, !isHeld { startRenewing() }
            return
        }
    }

    /// - Returns: false when the ConfigMap is another one than was read.
    private func send() async throws -> Bool {
        let (coming, leaving, learned) = (Set(added), removed, successes)
        do {
            let written: JSONValue
            if let version {
                written = try await client.patch(
                    .configMaps, name: Inventory.name(of: project), namespace: namespace,
                    [
                        "metadata": ["resourceVersion": .string(version)],
                        "data": isChanged ? inventory.data : inventory.sign,
                    ])
            } else {
                written = try await client.create(inventory.json, namespace: namespace)
            }
            version = written.at("metadata", "resourceVersion")?.string
            added.removeAll { coming.contains($0) }
            removed.subtract(leaving)
            // What was learned while it was on its way is still to be written.
            for (entry, mark) in learned where successes[entry] == .some(mark) {
                successes.removeValue(forKey: entry)
            }
            return true
        } catch {
            switch error.kubeFailure?.status {
            case 409: return false
            case 404 where version != nil:
                // Somebody has deleted it: the next one is to be complete.
                version = nil
                added = inventory.entries
                return false
            // The namespace is not there yet: the spec may make it.
            case 404: return true
            case 403:
                // In a namespace that ends, the objects themselves are refused with better words.
                isForbidden = error.kubeFailure?.causes.contains("NamespaceTerminating") == false
                return true
            default: throw error
            }
        }
    }

    private func startRenewing() {
        guard version != nil else { return }
        isHeld = true
        renewing?.cancel()
        renewing = Task { [clock, weak self] in
            while !Task.isCancelled {
                do { try await clock.sleep(SessionHolder.interval) } catch { return }
                guard let self, await self.renew() else { return }
            }
        }
    }

    /// - Returns: false when the claim is lost.
    private func renew() async -> Bool {
        do {
            try await write()
            return true
        } catch {
            return (error as? DevloopError)?.code != .sessionBusy
        }
    }

    private static func busy(_ project: String, _ holder: SessionHolder) -> DevloopError {
        DevloopError(
            .sessionBusy, "the project '\(project)' is in use here: \(holder.text)",
            hint: "end that session, take over from it with devloop up --force, or use another namespace with -n")
    }
}
