// SPDX-License-Identifier: Apache-2.0

import CAgent

extension Supervisor {
    func begin(_ header: SetHeader) {
        parkTransaction()
        guard let tree else {
            owner?.send(.fault(Fault(.syncOff, place: options.appFolder, set: header.set)))
            return
        }
        guard header.base == record.set, header.set > record.set,
            Int(header.entryCount) + Int(header.deletionCount) <= SyncLimits.maximumEntries
        else {
            owner?.send(.fault(Fault(.staleBase, set: header.set)))
            return
        }
        transaction = Transaction(header, tree: tree, parts: parts, scratch: scratch)
        // The host has just sent something; a small set is answered once, by its end.
        lastSign = now()
        parts = Parts([])
    }

    /// Everything between `begin` and the end of a set. Frames of a set that was refused are passed over.
    func advanceSet(_ message: Message, id: UInt32) {
        guard let transaction, id == Frame.setID(transaction.header.set) else { return }
        do throws(Fault) {
            switch message {
            case .entries(let page): try transaction.add(page, record: record)
            case .deletions(let page): try transaction.add(page)
            case .data(let file, let payload, let start):
                try add(payload, from: start, to: file, transaction)
            case .copy(let file, let offset, let length):
                try transaction.copy(file: file, offset: offset, length: length, scratch: scratch)
                acknowledge(transaction)
            case .commit: try commit(transaction)
            case .abort: refuse(Fault(.aborted))
            default: throw Fault(.badMessage)
            }
        } catch {
            refuse(error)
        }
    }

    private func add(
        _ payload: Bytes, from start: Int, to file: UInt32, _ transaction: Transaction
    ) throws(Fault) {
        let result = payload.withUnsafeBytes { buffer -> Fault? in
            do throws(Fault) {
                try transaction.data(file: file, UnsafeRawBufferPointer(rebasing: buffer[start...]))
                return nil
            } catch {
                return error
            }
        }
        if let result { throw result }
        acknowledge(transaction)
    }

    private func acknowledge(_ transaction: Transaction) {
        guard transaction.taken - transaction.acknowledged >= UInt64(SyncLimits.acknowledgeEvery) else {
            return showLife(transaction)
        }
        tell(transaction)
    }

    /// Lets the host know that we are at work, when it has not heard of us for a while.
    private func showLife(_ transaction: Transaction) {
        if now() >= lastSign + SyncLimits.signOfLifeMilliseconds { tell(transaction) }
    }

    private func tell(_ transaction: Transaction) {
        lastSign = now()
        transaction.acknowledged = transaction.taken
        owner?.send(.dataAcknowledged(set: transaction.header.set, bytes: transaction.taken))
    }

    private func commit(_ set: Transaction) throws(Fault) {
        try set.finishContent()
        acceptSet()
        let previous = record
        var installation = Installation(set, record: record, scratch: scratch)
        do throws(Fault) {
            try installation.run(crc: crc, keepsOld: set.header.rollsBack) { self.showLife(set) }
        } catch {
            if error.code == .dirty {
                record.isDirty = true
                if let tree { try? record.save(in: tree, crc: crc) }
            }
            throw error
        }
        transaction = nil
        record = installation.record
        if set.header.rollsBack { unproven = UnprovenSet(installation: installation, previous: previous) }
        lastSet = now()
        if let info = set.entryInfo, let entry = record.entryFile {
            known = KnownProgram(info, digest: entry.digest)
        }
        if let milliseconds = set.header.graceMilliseconds { grace = UInt64(milliseconds) }
        if let probe = set.header.probe { check = probe }
        let consequence = consequence(of: set)
        owner?.send(
            .committed(Committed(set: record.set, consequence: consequence, foreign: installation.foreign)))
        switch consequence {
        case .restart: orderRestart()
        case .signal:
            if case .signal(let number) = set.header.restart { _ = dl_kill(app.pid, Int32(number)) }
        case .none: return
        }
    }

    private func consequence(of set: Transaction) -> Committed.Consequence {
        if options.neighbour > 0 {
            if case .signal = set.header.restart { return .signal }
            return .none
        }
        guard app.pid > 0 || app.phase == .stopping else { return .restart }
        switch set.header.restart {
        case .always: return .restart
        case .never: return .none
        case .ifEntryChanged: return set.entries.contains { $0.isEntry } ? .restart : .none
        case .signal: return app.pid > 0 ? .signal : .none
        }
    }

    /// Gives the open set up and says why.
    func refuse(_ fault: Fault) {
        guard let set = transaction else { return }
        switch fault.code {
        // What has come is as good as before; anything else may have to do with what is there, or with space.
        case .aborted, .damaged: parkTransaction()
        default: dropTransaction()
        }
        var fault = fault
        fault.set = set.header.set
        owner?.send(.fault(fault))
    }

    func dropTransaction() {
        transaction?.discard()
        transaction = nil
    }

    /// Ends the open set and keeps for a while what has come of it.
    func parkTransaction() {
        guard let set = transaction else { return }
        transaction = nil
        parts = Parts(set.park(&partNumber))
        partsEnd = now() + options.keepPartsMilliseconds
    }
}
