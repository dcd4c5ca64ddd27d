// SPDX-License-Identifier: Apache-2.0

/// What the container has and runs, as far as it is not in the pages of the record.
package struct AgentState: Sendable, Equatable {
    package enum App: UInt8, Sendable {
        case notStarted = 0
        case running = 1
        /// It is being ended to be started again.
        case restarting = 2
        /// It ended by itself soon after a change set; the next set starts it again.
        case waiting = 3
    }

    /// Id of the record: the last set that was committed here; 0 when there was none.
    package var set: UInt64
    /// A set was applied in part: the record is not to be trusted, and every file must be sent.
    package var isDirty: Bool
    package var app: App
    package var pid: Int32
    /// The set whose files the app was started with.
    package var runningSet: UInt64
    /// SHA-256 of the running executable; empty when nothing runs.
    package var executable: [UInt8]
    /// Milliseconds since the app was started.
    package var uptime: UInt64

    package init(
        set: UInt64,
        isDirty: Bool,
        app: App,
        pid: Int32,
        runningSet: UInt64,
        executable: [UInt8],
        uptime: UInt64
    ) {
        self.set = set
        self.isDirty = isDirty
        self.app = app
        self.pid = pid
        self.runningSet = runningSet
        self.executable = executable
        self.uptime = uptime
    }

    func write(to writer: inout ByteWriter) {
        writer.u64(set)
        writer.flag(isDirty)
        writer.u8(app.rawValue)
        writer.i32(pid)
        writer.u64(runningSet)
        writer.blob(executable)
        writer.u64(uptime)
    }

    init?(from reader: inout ByteReader) {
        set = reader.u64()
        isDirty = reader.flag()
        guard let app = App(rawValue: reader.u8()) else { return nil }
        self.app = app
        pid = reader.i32()
        runningSet = reader.u64()
        executable = reader.blob()
        uptime = reader.u64()
    }
}
