// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the kernel has counted of a process with one thread.
struct ProcessCounters: Equatable {
    /// Memory that it holds now, and the most that it ever held.
    let residentKB: Int
    let peakKB: Int
    /// How often it was put on a processor: one that sleeps adds nothing.
    let switches: Int
    /// Time on a processor, in nanoseconds.
    let cpu: Int

    /// - Throws: when the process is gone.
    init(of pid: pid_t) throws {
        var fields: [Substring: Int] = [:]
        for line in (text("/proc/\(pid)/status") ?? "").split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == ":" || $0.isWhitespace })
            if words.count > 1, let value = Int(words[1]) { fields[words[0]] = value }
        }
        let times = (text("/proc/\(pid)/schedstat") ?? "").split(separator: " ")
        guard let resident = fields["VmRSS"], let peak = fields["VmHWM"], let cpu = times.first.flatMap({ Int($0) }),
            let voluntary = fields["voluntary_ctxt_switches"], let forced = fields["nonvoluntary_ctxt_switches"]
        else { throw TestError("no counters of process \(pid)") }
        residentKB = resident
        peakKB = peak
        switches = voluntary + forced
        self.cpu = cpu
    }
}
