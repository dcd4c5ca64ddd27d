// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc

/// Files and folders of this machine, read as they are.
enum HostFiles {
    /// All of a file; nil when it cannot be read.
    static func content(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &piece, piece.count)
            guard count > 0 else { return count == 0 ? content : nil }
            content += piece[..<count]
        }
    }
}
