// SPDX-License-Identifier: Apache-2.0

import Glibc
import HostFolders

/// Looks into /proc, so that tests can show that nothing was left running.
package enum LiveProcesses {
    /// Ids of the processes (not zombies) whose command line holds the text.
    package static func matching(_ text: String) -> [Int] {
        all().filter { pid in
            guard let command = try? TestFiles.read("/proc/\(pid)/cmdline"), command.contains(text) else {
                return false
            }
            return isRunning(pid)
        }
    }

    /// Whether a process exists and is no zombie.
    package static func isRunning(_ pid: Int) -> Bool {
        guard let text = try? TestFiles.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
            return false
        }
        let state = text[text.index(after: end)...].first { $0 != " " }
        return state != "Z" && state != "X"
    }

    /// The command line of a process; empty when there is none.
    package static func command(_ pid: Int) -> String {
        let text = (try? TestFiles.read("/proc/\(pid)/cmdline")) ?? ""
        return text.split(separator: "\0").joined(separator: " ")
    }

    /// Resident memory of this process in bytes.
    package static func residentBytes() -> Int {
        guard let text = try? TestFiles.read("/proc/self/statm") else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }

    private static func all() -> [Int] { (Folder.names(in: "/proc") ?? []).compactMap { Int($0) } }
}
