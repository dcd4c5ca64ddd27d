// SPDX-License-Identifier: Apache-2.0

import Glibc
import HostFolders

/// What a process holds at a moment; zeros for one that has ended.
package struct ProcessSample: Sendable, CustomStringConvertible {
    package let residentKB: Int
    package let descriptors: Int
    package let threads: Int

    package init(of pid: Int) {
        let text = (try? TestFiles.read("/proc/\(pid)/statm")) ?? ""
        let fields = text.split(separator: " ")
        residentKB = fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) / 1_024 : 0
        descriptors = Self.entries("/proc/\(pid)/fd")
        threads = Self.entries("/proc/\(pid)/task")
    }

    package var description: String { "\(residentKB) KB, \(descriptors) descriptors, \(threads) threads" }

    private static func entries(_ path: String) -> Int { Folder.names(in: path)?.count ?? 0 }
}
