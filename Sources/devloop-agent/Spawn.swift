// SPDX-License-Identifier: Apache-2.0

import CAgent

/// Starts a program in a process group of its own.
/// - Returns: its pid, or -errno when it could not be executed.
func spawn(file: Bytes, arguments: [Bytes], quiet: Bool, foreground: Bool) -> Int32 {
    var storage: Bytes = []
    var offsets: [Int] = []
    for argument in arguments {
        offsets.append(storage.count)
        storage.append(contentsOf: argument)
        storage.append(0)
    }
    return storage.withUnsafeMutableBytes { buffer in
        guard let base = buffer.bindMemory(to: CChar.self).baseAddress else { return -Int32(DL_EINVAL) }
        var pointers: [UnsafeMutablePointer<CChar>?] = offsets.map { base + $0 }
        pointers.append(nil)
        return withC(file) { name in
            pointers.withUnsafeBufferPointer { dl_spawn(name, $0.baseAddress, quiet ? 1 : 0, foreground ? 1 : 0) }
        }
    }
}
