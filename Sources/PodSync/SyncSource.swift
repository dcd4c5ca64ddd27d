// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What can be told of a file before it is sent.
enum SyncSource {
    /// The machine that an ELF file is built for, as `uname` names it; nil for anything else.
    static func architecture(of file: SyncFile) -> String? {
        let head: [UInt8]
        switch file.source {
        case .bytes(let bytes): head = Array(bytes.prefix(20))
        case .file(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { return nil }
            defer { Glibc.close(descriptor) }
            head = [UInt8](unsafeUninitializedCapacity: 20) { buffer, count in
                count = max(0, pread(descriptor, buffer.baseAddress, 20, 0))
            }
        }
        guard head.count == 20, head.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { return nil }
        switch Int(head[18]) | Int(head[19]) << 8 {
        case 0x3E: return "x86_64"
        case 0xB7: return "aarch64"
        case let other: return "ELF machine \(other)"
        }
    }
}
