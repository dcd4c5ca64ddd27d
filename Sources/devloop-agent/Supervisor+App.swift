// SPDX-License-Identifier: Apache-2.0

import CAgent

extension Supervisor {
    /// Starts the newest executable: the synced one, else the image's own.
    func startApp() {
        guard options.neighbour == 0 else { return adoptNeighbour() }
        app.killAt = 0
        app.group = 0
        let entry = record.entryFile
        let file = entry?.path ?? options.command[0]
        app.started = dl_now_us()
        app.set = record.set
        app.isScript = entry.map(isScript) ?? false
        let result = spawn(file: file, arguments: options.command, quiet: false, foreground: true)
        guard result > 0 else { return startFailed(file, errno: -result) }
        app.pid = result
        app.group = result
        app.phase = .running
        if app.ordered > 0 { lastSet = now() }
        let micros = app.ordered > 0 ? app.started - app.ordered : 0
        app.ordered = 0
        if let owner {
            owner.send(
                .appStarted(
                    AppStarted(set: app.set, pid: app.pid, executable: runningDigest(), microseconds: micros)))
        }
        if let check {
            probe = Probe(check)
            advanceProbe(hasEvent: false)
        } else {
            report(isReady: true, attempts: 0, micros: dl_now_us() - app.started)
        }
    }

    /// It runs already, and is nobody's but its own container's.
    private func adoptNeighbour() {
        app.started = dl_now_us()
        app.pid = options.neighbour
        app.phase = .running
    }

    private func startFailed(_ file: Bytes, errno: Int32) {
        app.pid = 0
        say(file, text(": "), errorText(errno))
        let code: Int32 = errno == Int32(DL_ENOENT) ? 127 : 126
        let stays = isSoonAfterSet || app.ordered > 0 || options.staysAfterExit
        let set = app.set
        app.ordered = 0
        guard stays, takeSetBack() else {
            owner?.send(.fault(Fault(.appStart, errno: errno, place: file, set: set)))
            app.phase = .waiting
            if !stays { finish(code) }
            return
        }
        owner?.send(.fault(Fault(.appStartUndone, errno: errno, place: file, set: set)))
        owner?.send(
            .appExited(AppExited(set: set, pid: 0, code: code, signal: 0, uptime: 0, next: .rolledBack)))
        app.ordered = dl_now_us()
        startApp()
    }

    private func isScript(_ entry: RecordEntry) -> Bool {
        guard let tree else { return false }
        defer { tree.forget() }
        guard let place = try? tree.locate(entry.path) else { return false }
        let descriptor = place.folder.openFile(place.name)
        guard descriptor >= 0 else { return false }
        defer { _ = dl_close(descriptor) }
        var start = Bytes(repeating: 0, count: 2)
        return start.withUnsafeMutableBytes { dl_read(descriptor, $0.baseAddress, 2) } == 2 && start == text("#!")
    }

    /// Ends the app's group and starts anew; one that is already on its way is enough, whatever files came since.
    func orderRestart() {
        guard app.phase != .stopping else { return }
        // Its end would be the end of its container and of us, and the files would go with it.
        guard options.neighbour == 0 else {
            owner?.send(.fault(Fault(.appStart, errno: Int32(DL_EPERM), place: options.root, set: record.set)))
            return
        }
        app.ordered = dl_now_us()
        probe = nil
        guard !(app.pid == 0 && app.isGroupGone) else { return startApp() }
        app.phase = .stopping
        app.killAt = now() + grace
        _ = dl_kill_group(app.group, Int32(DL_SIGTERM))
    }

    /// The grace is over, or it is time to look at the group again.
    func killGroup() {
        if app.isGroupGone { return groupChanged() }
        _ = dl_kill_group(app.group, Int32(DL_SIGKILL))
        app.killAt = now() + 10
    }

    /// Called after children were reaped: goes on when the last of the group is gone.
    func groupChanged() {
        guard app.phase == .stopping, app.pid == 0, app.isGroupGone else { return }
        startApp()
    }

    /// The app's own process has ended.
    func appEnded(status: Int32) {
        let pid = app.pid
        app.pid = 0
        probe = nil
        let code = dl_exit_code(status)
        let next: AppExited.Next
        if endSignal != 0 {
            next = .end
        } else if app.phase == .stopping {
            next = .restart
        } else {
            next =
                isSoonAfterSet ? (takeSetBack() ? .rolledBack : .wait) : options.staysAfterExit ? .wait : .end
        }
        owner?.send(
            .appExited(
                AppExited(
                    set: app.set, pid: pid, code: code, signal: dl_exit_signal(status), uptime: app.uptime,
                    next: next)))
        switch next {
        case .restart: return
        case .wait:
            say(text("the app ended with code "), decimal(UInt64(code)), text("; waiting for the next change set"))
            app.phase = .waiting
            _ = dl_kill_group(app.group, Int32(DL_SIGKILL))
        case .rolledBack:
            // The rest of the group goes first, as with a restart.
            app.ordered = dl_now_us()
            app.phase = .stopping
            app.killAt = now() + 10
            _ = dl_kill_group(app.group, Int32(DL_SIGKILL))
        case .end: finish(code)
        }
    }

    var isSoonAfterSet: Bool { lastSet > 0 && now() - lastSet <= SyncLimits.earlyExitMilliseconds }

    /// SHA-256 of what runs. The inode that was proved when it was staged needs no second reading.
    func runningDigest() -> Bytes {
        guard app.pid > 0 else { return [] }
        if app.isScript, let entry = record.entryFile { return entry.digest }
        var info = dl_file_info()
        guard dl_info_of_program(app.pid, &info) == 0 else { return [] }
        if let known, known.isSame(as: info) { return known.digest }
        let descriptor = dl_open_program(app.pid)
        guard descriptor >= 0 else { return [] }
        defer { _ = dl_close(descriptor) }
        guard let digest = Digest.ofFile(descriptor, scratch) else { return [] }
        known = KnownProgram(info, digest: digest)
        return digest
    }

    func advanceProbe(hasEvent: Bool) {
        guard let probe else { return }
        conclude(probe, probe.advance(hasEvent: hasEvent))
    }

    func conclude(_ probe: Probe, _ outcome: Probe.Outcome) {
        guard outcome != .pending else { return }
        self.probe = nil
        report(isReady: outcome == .ready, attempts: probe.attempts, micros: dl_now_us() - app.started)
    }

    private func report(isReady: Bool, attempts: UInt32, micros: UInt64) {
        owner?.send(
            .ready(
                Ready(set: app.set, pid: app.pid, microseconds: micros, attempts: attempts, isReady: isReady)))
    }
}
