// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import SyncProtocol

extension PodSyncSession {
    /// Brings the container to the wanted state: sends what it lacks as one transaction, and follows the restart.
    ///
    /// Calls may overlap: sets are sent one after the other, one that a later call covers is passed over, and a set that
    /// arrives while the app is being ended is started in its place. Cancelling the task gives the set up before
    /// anything is changed.
    /// - Throws: `syncSourceChanged`, `syncImpossible`, `syncDisconnected`, `sync`; nothing was applied then, except
    ///   when the error came after the commit (the next ``state()`` tells). An app that does not run is no error but
    ///   ``SyncResult/failure``.
    package func apply(_ set: ChangeSet) async throws -> SyncResult {
        let began = ContinuousClock.now
        try check(set)
        let ticket = turn.enter(set)
        changed.notify()
        guard try await waitForTurn(ticket) else {
            return SyncResult(outcome: .superseded, set: known?.set ?? 0)
        }
        var result: SyncResult
        let starts: Int
        await options.readings.beginSending()
        do {
            (result, starts) = try await transfer(set)
            await options.readings.endSending()
            leaveTurn()
        } catch {
            await options.readings.endSending()
            leaveTurn()
            throw error
        }
        result.send = .now - began
        let restarts = result.restart != nil
        result.restart = nil
        if result.outcome == .unchanged, set.restart == .always { return try await restarted(result) }
        if restarts { try await followRestart(of: result.set, after: starts, into: &result) }
        return result
    }

    private func restarted(_ sent: SyncResult) async throws -> SyncResult {
        var result = try await restart()
        result.filesUnchanged = sent.filesUnchanged
        result.send = sent.send
        return result
    }

    private func check(_ set: ChangeSet) throws {
        for path in set.files.map(\.destination) + set.deletions.map(\.path) {
            if let error = DevloopError(checking: path) { throw error }
        }
        guard let agent else { throw DevloopError(.protocolViolation, "hello() comes first") }
        for file in set.files where file.isEntry || file.mode & 0o111 != 0 {
            guard let machine = SyncSource.architecture(of: file), machine != agent.architecture else { continue }
            throw DevloopError(
                .syncImpossible, "\(file.destination) is built for \(machine), the container runs \(agent.architecture)"
            )
        }
    }

    /// True when the turn was taken; false when a newer set covers this one.
    private func waitForTurn(_ ticket: UInt64) async throws -> Bool {
        var decision = ApplyTurn.Decision.wait
        do {
            try await wait {
                decision = self.turn.decide(ticket)
                if case .wait = decision { return false }
                return true
            }
        } catch {
            turn.abandon(ticket)
            changed.notify()
            throw error
        }
        if case .superseded = decision {
            changed.notify()
            return false
        }
        return true
    }

    private func leaveTurn() {
        turn.leave()
        changed.notify()
    }

    /// Sends until it is committed; what a second sending can heal is healed here.
    private func transfer(_ set: ChangeSet) async throws -> (SyncResult, starts: Int) {
        var resends = 0
        var trustsContent = true
        while true {
            if known == nil { try await state() }
            guard let state = known else { throw unexpected() }
            let starts = progress.starts
            do {
                var result = try await attempt(set, on: state, trustsContent: trustsContent)
                result.resends = resends
                return (result, starts)
            } catch let fault as Fault {
                let canHeal: [Fault.Code] = [.damaged, .digestMismatch, .staleBase, .baseMismatch, .dirty]
                guard canHeal.contains(fault.code), resends < 2 else { throw DevloopError(fault, agent: agent) }
                resends += 1
                if fault.code != .damaged { trustsContent = false }
                known = nil
            }
        }
    }

    private func attempt(
        _ set: ChangeSet, on state: ContainerState, trustsContent: Bool
    ) async throws -> SyncResult {
        let patchable = await patchable(set, state)
        let plan = SyncPlan(set, state: state, trustsContent: trustsContent, canPatch: patchable.contains)
        guard !plan.isEmpty else {
            var result = SyncResult(outcome: .unchanged, set: state.set)
            result.filesUnchanged = plan.unchanged
            return result
        }
        // A number of its own for each attempt: a late answer to an earlier one must not be taken for this one's.
        let id = max(state.set, lastTried) + 1
        lastTried = id
        progress.forget(upTo: id)
        progress.acknowledge(id, 0)
        var result = SyncResult(outcome: .committed, set: id)
        result.filesUnchanged = plan.unchanged
        result.filesDeleted = plan.deletions.count
        do {
            var sending = SetSending(session: self, id: id)
            try await sending.announce(plan, set, base: state.set)
            try await sending.send(plan, set)
            for item in plan.items where item.entry.content != .keep {
                result.filesSent += 1
                if case .patch = item.entry.content { result.filesPatched += 1 }
                if case .resume = item.entry.content { result.filesResumed += 1 }
            }
            try await sending.commit()
            result.bytesSent += sending.bytesSent
            try await wait { self.progress.committed[id] != nil || self.progress.faults[id] != nil }
        } catch {
            // A fault was the agent's own decision; anything else is ours, and it must hear of it.
            if !(error is Fault), failure == nil {
                _ = try? await send(.abort(set: id), id: Frame.setID(id))
                known = nil
            }
            throw error
        }
        if let fault = progress.faults[id] { throw fault }
        guard let committed = progress.committed[id] else { throw unexpected() }
        result.foreign = committed.foreign.map { String(decoding: $0, as: UTF8.self) }
        result.filesDeleted -= committed.foreign.count
        // A mark for apply(): the restart is followed after the turn was given on.
        if committed.consequence == .restart { result.restart = .zero }
        remember(set, plan, id: id)
        return result
    }

    /// Which contents of the container are known block by block, of files that have more than one.
    private func patchable(_ set: ChangeSet, _ state: ContainerState) async -> Set<ContentDigest> {
        let present = set.files.compactMap { file -> ContentDigest? in
            guard file.size > UInt64(BlockSignature.blockSize) else { return nil }
            return state.file(file.destination).flatMap { ContentDigest(bytes: $0.digest) } ?? file.imageCopy
        }
        // Each question is a turn that the set waits for.
        return present.isEmpty ? [] : await options.readings.known(Set(present))
    }

    /// Keeps our picture of the container in step with what it has acknowledged.
    private func remember(_ set: ChangeSet, _ plan: SyncPlan, id: UInt64) {
        guard var state = known else { return }
        state.set = id
        state.isDirty = false
        for deletion in plan.deletions { state.files[ExactPath(String(decoding: deletion.path, as: UTF8.self))] = nil }
        if plan.items.contains(where: \.entry.isEntry) {
            for path in state.files.keys { state.files[path]?.isEntry = false }
        }
        for item in plan.items {
            let entry = item.entry
            state.files[ExactPath(set.files[item.file].destination)] = RecordEntry(
                path: entry.path, digest: entry.digest, size: entry.size, mode: entry.mode, isEntry: entry.isEntry)
        }
        state.parts = [:]
        known = state
    }
}
