// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import SyncProtocol

extension PodSyncSession {
    /// Waits until an app with at least this set has become ready, has ended, or could not be started.
    func followRestart(of set: UInt64, after starts: Int, into result: inout SyncResult) async throws {
        while true {
            try await wait { self.hasOutcome(of: set, after: starts) }
            if let (taken, failure) = progress.takenBack.first(where: { $0.key >= set && set > 0 }) {
                result.failure = failure
                result.isRolledBack = taken >= set
                return
            }
            if let fault = progress.startFault {
                let file = String(decoding: fault.place, as: UTF8.self)
                result.failure = .notStarted(errno: fault.errno, file: file)
                return
            }
            guard let start = progress.lastStart else { throw unexpected() }
            result.restart = .microseconds(Int64(clamping: start.microseconds))
            result.executable = ContentDigest(bytes: start.executable)
            if let ready = progress.lastReady, ready.pid == start.pid {
                if ready.isReady {
                    result.ready = .microseconds(Int64(clamping: ready.microseconds))
                } else {
                    result.failure = .notReady
                }
                return
            }
            if let exit = progress.lastExit, exit.pid == start.pid {
                if exit.next != .restart {
                    result.failure = .exited(exit)
                    return
                }
                // A later set is replacing this process before it was ready: its process counts.
                try await wait {
                    self.progress.startFault != nil || self.progress.lastStart?.pid != start.pid
                        || !self.progress.takenBack.isEmpty
                }
            }
        }
    }

    private func hasOutcome(of set: UInt64, after starts: Int) -> Bool {
        if set > 0, progress.takenBack.keys.contains(where: { $0 >= set }) { return true }
        guard progress.starts > starts else { return false }
        // One that was taken back is told as such a moment later.
        if let fault = progress.startFault { return fault.set >= set && fault.code == .appStart }
        guard let start = progress.lastStart, start.set >= set else { return false }
        return progress.lastReady?.pid == start.pid || progress.lastExit?.pid == start.pid
    }
}
