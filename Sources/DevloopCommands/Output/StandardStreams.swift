// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The answer of a command. Written whole lines at a time, unbuffered, so that a reader sees each event at once.
enum StandardOutput {
    /// - Returns: false when nobody reads any more.
    @discardableResult
    static func write(_ line: String) -> Bool { Descriptor.write(line, to: STDOUT_FILENO) }
}

/// What is not the answer: errors, hints.
enum StandardError {
    static func write(_ line: String) { _ = Descriptor.write(line, to: STDERR_FILENO) }
}

private enum Descriptor {
    static func write(_ line: String, to descriptor: Int32) -> Bool {
        var bytes = Array(line.utf8)
        if bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            if count > 0 {
                offset += count
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, 1000)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
