// SPDX-License-Identifier: Apache-2.0

import SyncProtocol

/// What the agent has said about sets and the app so far.
struct SetProgress {
    /// Content bytes that the agent has taken in, of the newest set.
    private(set) var acknowledged: (set: UInt64, bytes: UInt64) = (0, 0)
    var committed: [UInt64: Committed] = [:]
    var faults: [UInt64: Fault] = [:]
    /// How often the app was started, or could not be, in this session.
    private(set) var starts = 0
    private(set) var lastStart: AppStarted?
    /// The last start failed like this.
    private(set) var startFault: Fault?
    private(set) var lastExit: AppExit?
    /// Sets that were taken back, and why. Kept apart from the last start, which is already that of older files.
    private(set) var takenBack: [UInt64: AppFailure] = [:]
    var lastReady: Ready?

    mutating func acknowledge(_ set: UInt64, _ bytes: UInt64) { acknowledged = (set, bytes) }

    mutating func start(_ started: AppStarted) {
        starts += 1
        lastStart = started
        startFault = nil
    }

    mutating func failStart(_ fault: Fault) {
        starts += 1
        startFault = fault
    }

    mutating func end(_ exit: AppExit) {
        lastExit = exit
        guard exit.next == .rolledBack else { return }
        if let fault = startFault, fault.set == exit.set {
            takenBack[exit.set] = .notStarted(errno: fault.errno, file: String(decoding: fault.place, as: UTF8.self))
        } else {
            takenBack[exit.set] = .exited(exit)
        }
    }

    /// Bytes of this set that were taken in.
    func taken(of set: UInt64) -> UInt64 { acknowledged.set == set ? acknowledged.bytes : 0 }

    mutating func forgetTakenBack(before set: UInt64) { takenBack = takenBack.filter { $0.key >= set } }

    /// Drops what was said about sets up to this one.
    mutating func forget(upTo set: UInt64) {
        committed = committed.filter { $0.key > set }
        faults = faults.filter { $0.key > set }
        takenBack = takenBack.filter { $0.key >= set }
    }
}

/// Whose turn it is to send: one set at a time, and the newest of those that wait.
struct ApplyTurn {
    private var nextTicket: UInt64 = 0
    private var waiting: [(ticket: UInt64, set: ChangeSet)] = []
    private var isTaken = false

    enum Decision {
        case go
        case wait
        /// A newer set that covers this one waits behind it.
        case superseded
    }

    mutating func enter(_ set: ChangeSet) -> UInt64 {
        nextTicket += 1
        waiting.append((nextTicket, set))
        return nextTicket
    }

    /// What the holder of the ticket does now. With `go` it has the turn and must ``leave()``.
    mutating func decide(_ ticket: UInt64) -> Decision {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return .superseded }
        let set = waiting[index].set
        if waiting[(index + 1)...].contains(where: { $0.set.covers(set) }) {
            waiting.remove(at: index)
            return .superseded
        }
        guard !isTaken, index == 0 else { return .wait }
        waiting.remove(at: 0)
        isTaken = true
        return .go
    }

    mutating func abandon(_ ticket: UInt64) { waiting.removeAll { $0.ticket == ticket } }

    mutating func leave() { isTaken = false }
}
