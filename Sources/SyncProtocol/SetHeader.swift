// SPDX-License-Identifier: Apache-2.0

/// Opens a change set.
package struct SetHeader: Sendable, Equatable {
    /// Greater than the id of the record.
    package var set: UInt64
    /// The id of the record that the host computed the difference to; another one in the container refuses the set.
    package var base: UInt64
    package var entryCount: UInt32
    package var deletionCount: UInt32
    package var restart: RestartRule
    /// Milliseconds from SIGTERM to SIGKILL; nil leaves what the agent was started with.
    package var graceMilliseconds: UInt32?
    /// Replaces the readiness check that the agent was started with; nil leaves it.
    package var probe: ReadinessProbe?
    /// Take the set back when the app ends soon after it.
    package var rollsBack: Bool

    package init(
        set: UInt64,
        base: UInt64,
        entryCount: UInt32,
        deletionCount: UInt32,
        restart: RestartRule,
        graceMilliseconds: UInt32? = nil,
        probe: ReadinessProbe? = nil,
        rollsBack: Bool = false
    ) {
        self.set = set
        self.base = base
        self.entryCount = entryCount
        self.deletionCount = deletionCount
        self.restart = restart
        self.graceMilliseconds = graceMilliseconds
        self.probe = probe
        self.rollsBack = rollsBack
    }

    func write(to writer: inout ByteWriter) {
        writer.u64(set)
        writer.u64(base)
        writer.u32(entryCount)
        writer.u32(deletionCount)
        restart.write(to: &writer)
        writer.flag(rollsBack)
        writer.flag(graceMilliseconds != nil)
        writer.u32(graceMilliseconds ?? 0)
        writer.flag(probe != nil)
        probe?.write(to: &writer)
    }

    init?(from reader: inout ByteReader) {
        set = reader.u64()
        base = reader.u64()
        entryCount = reader.u32()
        deletionCount = reader.u32()
        guard let restart = RestartRule(from: &reader) else { return nil }
        self.restart = restart
        rollsBack = reader.flag()
        let hasGrace = reader.flag()
        let grace = reader.u32()
        graceMilliseconds = hasGrace ? grace : nil
        if reader.flag() {
            guard let probe = ReadinessProbe(from: &reader) else { return nil }
            self.probe = probe
        }
    }
}
