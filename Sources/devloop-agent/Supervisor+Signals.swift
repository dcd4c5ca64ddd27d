// SPDX-License-Identifier: Apache-2.0

import CAgent

extension Supervisor {
    func handleSignals() {
        while true {
            let signal = dl_next_signal(signals)
            if signal == 0 { return }
            if signal == Int32(DL_SIGCHLD) { reap() } else { forward(signal) }
        }
    }

    /// The app gets what the container got. TERM, INT and QUIT end us with it.
    private func forward(_ signal: Int32) {
        let isEnd =
            signal == Int32(DL_SIGTERM) || signal == Int32(DL_SIGINT)
            || signal == Int32(DL_SIGQUIT)
        if isEnd { endSignal = signal }
        if app.pid > 0, options.neighbour == 0 {
            _ = dl_kill(app.pid, signal)
        } else if isEnd {
            finish(128 + signal)
        }
    }

    private func reap() {
        var status: Int32 = 0
        while true {
            let pid = dl_reap(&status)
            guard pid > 0 else { break }
            if pid == app.pid {
                appEnded(status: status)
            } else if let probe, pid == probe.pid {
                conclude(probe, probe.ended(code: dl_exit_code(status)))
            }
        }
        groupChanged()
    }

    /// Tells the host and ends; the rest of the group goes with us.
    func finish(_ code: Int32) -> Never {
        for client in clients {
            var tries = 0
            while client.hasOutput, !client.isClosed, tries < 20 {
                var item = pollfd(fd: client.output, events: Int16(POLLOUT), revents: 0)
                _ = poll(&item, 1, 10)
                client.flush()
                tries += 1
            }
        }
        if app.group > 0 { _ = dl_kill_group(app.group, Int32(DL_SIGKILL)) }
        dl_exit(code)
    }
}
