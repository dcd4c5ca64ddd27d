// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc

/// The files that a change set has replaced, kept for as long as it may be taken back.
struct LocalBackup: Sendable {
    /// Folder of the copies.
    let folder: String
    /// What was at a path, and the number of its copy; nil for what was not there.
    private var replaced: [(destination: String, entry: LocalRoot.Entry?, number: Int)] = []
    /// Digest of the program that ran, in hexadecimal.
    let running: String

    init(folder: String, running: String) {
        self.folder = folder
        self.running = running
    }

    /// Keeps what is at the path now. A hard link is enough: devloop never writes into a file that is in place.
    mutating func keep(_ destination: String, of root: LocalRoot) throws(DevloopError) {
        try LocalRoot.makeFolder(folder)
        let number = replaced.count
        let entry = root.entries[ExactPath(destination)]
        let isThere = Glibc.link(root.place(destination), "\(folder)/\(number)") == 0
        replaced.append((destination, isThere ? entry : nil, number))
    }

    func restore(_ root: inout LocalRoot) throws(DevloopError) {
        for item in replaced.reversed() {
            guard let entry = item.entry else {
                _ = try root.remove(item.destination)
                continue
            }
            _ = try root.install("\(folder)/\(item.number)", at: item.destination, entry)
        }
    }

    func discard() { LocalRoot.delete(folder) }
}
