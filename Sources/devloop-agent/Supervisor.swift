// SPDX-License-Identifier: Apache-2.0

import CAgent

/// The agent's one loop and all that it knows. Topics: App, Signals, Clients, Sets.
final class Supervisor {
    let options: RunOptions
    let crc = CRC32()
    let scratch = Scratch()
    let signals: Int32
    /// Nil when there is no folder to work in: the app runs, and nothing can be synced.
    var tree: FileTree?
    var listener: Int32 = -1
    /// Keeps the lock of the app folder for as long as we live.
    var lock: Int32 = -1
    var record = Record()
    var clients: [Client] = []
    /// The host that may give orders.
    var owner: Client?
    var transaction: Transaction?
    /// What is left of a set that was cut, and when it goes, in milliseconds.
    var parts = Parts([])
    var partsEnd: UInt64 = 0
    /// For names of parts.
    var partNumber: UInt64 = 0
    var app = App()
    var known: KnownProgram?
    /// What `probe` checks after each start.
    var check: ReadinessProbe?
    var probe: Probe?
    var grace: UInt64
    /// When the host was last told that we are at work, in milliseconds.
    var lastSign: UInt64 = 0
    /// The last set, while it can be taken back.
    var unproven: UnprovenSet?
    /// When the last set was committed or the app was started for one, in milliseconds; 0 for never.
    var lastSet: UInt64 = 0
    /// The signal that asked us to end; 0 for none.
    var endSignal: Int32 = 0

    init(_ options: RunOptions) {
        self.options = options
        check = options.probe
        grace = options.graceMilliseconds
        signals = dl_signals()
        _ = dl_become_reaper()
        dl_raise_files()
    }

    func run() -> Never {
        guard signals >= 0 else {
            say(text("signals: "), errorText(-signals))
            dl_exit(1)
        }
        prepare()
        startApp()
        while true { turn() }
    }

    /// Opens the app folder, and brings the record and what is on disk together.
    private func prepare() {
        do throws(Fault) {
            let tree = try FileTree(
                appPath: options.appFolder, root: options.neighbour > 0 ? options.root : nil)
            lock = tree.own.create(text("lock"))
            if lock < 0 { lock = tree.own.openFile(text("lock")) }
            guard lock >= 0, dl_lock(lock) == 0 else {
                say(options.appFolder, text(" belongs to another agent; sync is off"))
                return
            }
            listener = withC(text("socket")) { dl_listen(tree.own.descriptor, $0) }
            guard listener >= 0 else { throw Fault(.io, errno: -listener, place: options.appFolder) }
            record = Record.load(from: tree, crc: crc, scratch: scratch)
            self.tree = tree
            verifyRecord(tree)
        } catch {
            say(error.place, text(": "), errorText(error.errno), text("; sync is off"))
            // Nobody needs us; our last words are what the Pod's status tells.
            if options.neighbour > 0 { finish(1) }
        }
    }

    /// Forgets what is not on disk as recorded: the root file system is a new one after a container restart, and a
    /// node may have crashed. The host sends again what it misses.
    private func verifyRecord(_ tree: FileTree) {
        defer { tree.forget() }
        record.keep { entry in
            guard let found = try? tree.locate(entry.path) else { return false }
            if entry.isFolder { return found.folder.kind(found.name) == UInt32(DL_FOLDER) }
            if entry.isLink { return found.folder.link(found.name).map { Digest.of($0) } == entry.digest }
            let descriptor = found.folder.openFile(found.name)
            guard descriptor >= 0 else { return false }
            defer { _ = dl_close(descriptor) }
            var info = dl_file_info()
            guard dl_info_of(descriptor, &info) == 0, dl_kind(info.mode) == Int32(DL_FILE),
                info.size == entry.size, info.mode & 0o777 == UInt32(entry.mode),
                Digest.ofFile(descriptor, scratch) == entry.digest
            else { return false }
            if entry.isEntry { known = KnownProgram(info, digest: entry.digest) }
            return true
        }
    }

    /// Waits for the next events and handles them.
    private func turn() {
        var items = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
            pollfd(fd: probe?.descriptor ?? -1, events: probe?.events ?? 0, revents: 0),
        ]
        let polled = clients
        for client in polled { items += client.waitedFor }
        guard poll(&items, UInt(items.count), timeout()) >= 0 else { return }
        if items[0].revents != 0 { handleSignals() }
        if items[1].revents != 0 { acceptClients() }
        for (index, client) in polled.enumerated() {
            let own = items[(3 + index * Client.waits)..<(3 + (index + 1) * Client.waits)]
            if client.takeIn(own) { readFrom(client) }
        }
        advanceProbe(hasEvent: items[2].revents != 0)
        keepDeadlines()
        removeClosedClients()
    }

    /// Milliseconds until something is due; -1 when nothing is: an idle agent never wakes up.
    private func timeout() -> Int32 {
        var next = UInt64.max
        if app.killAt > 0 { next = min(next, app.killAt) }
        if let probe { next = min(next, probe.deadline) }
        if unproven != nil, app.phase == .running { next = min(next, provenAt) }
        if !parts.isEmpty { next = min(next, partsEnd) }
        for client in clients {
            next = min(next, client.lastHeard + SyncLimits.silenceMilliseconds)
            if client.challengeEnds > 0 { next = min(next, client.challengeEnds) }
        }
        guard next < UInt64.max else { return -1 }
        let time = now()
        return next <= time ? 0 : Int32(truncatingIfNeeded: min(next - time, 3_600_000))
    }

    private func keepDeadlines() {
        let time = now()
        if app.killAt > 0, time >= app.killAt { killGroup() }
        if unproven != nil, app.phase == .running, time >= provenAt { acceptSet() }
        if !parts.isEmpty, time >= partsEnd { parts.discard() }
        for client in clients {
            if time >= client.lastHeard + SyncLimits.silenceMilliseconds, client.challengeEnds == 0 { client.close() }
            if client.challengeEnds > 0, time >= client.challengeEnds { takeOver(by: client) }
        }
    }
}
