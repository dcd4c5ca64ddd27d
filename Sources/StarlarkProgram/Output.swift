// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Text to the outside, past the buffer of `print` but never before what is in it.
enum Output {
    static func write(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
        flush()
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno != EINTR { return }
            rest = rest.dropFirst(max(0, count))
        }
    }

    /// Writes what `print` has gathered.
    static func flush() { fflush(nil) }
}
