// SPDX-License-Identifier: Apache-2.0

import CAgent

/// A set that is in place and whose app has not stayed long enough yet: the files before it are kept.
struct UnprovenSet {
    var installation: Installation
    /// The record before it.
    var previous: Record
}

extension Supervisor {
    /// When an app that has not ended by then has proved the set, in milliseconds.
    var provenAt: UInt64 { lastSet + SyncLimits.earlyExitMilliseconds + 1 }

    /// The files before the last set are not needed any more.
    func acceptSet() {
        unproven?.installation.cleanUp()
        unproven = nil
    }

    /// Puts the files before the last set back.
    /// - Returns: false when there is nothing to put back, or it could not be done: the record is dirty then.
    func takeSetBack() -> Bool {
        guard var set = unproven, let tree else { return false }
        unproven = nil
        guard set.installation.undo() else {
            record.isDirty = true
            try? record.save(in: tree, crc: crc)
            return false
        }
        set.installation.discard()
        record = set.previous
        known = nil
        // The host computed its next difference to the set that is gone: it is refused, and asks anew.
        try? record.save(in: tree, crc: crc)
        say(text("the last change set was taken back"))
        return true
    }
}
