// SPDX-License-Identifier: Apache-2.0

/// How a child process has ended.
package enum ProcessStatus: Sendable, Hashable {
    /// It returned this code, 0 to 255.
    case exited(Int32)
    /// This signal ended it.
    case signalled(Int32)

    package var isSuccess: Bool { self == .exited(0) }
}

extension ProcessStatus: CustomStringConvertible {
    /// `exit code 1` or `signal 9 (SIGKILL)`.
    package var description: String {
        switch self {
        case .exited(let code): return "exit code \(code)"
        case .signalled(let number):
            let names: [Int32: String] = [
                1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
                9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM",
            ]
            return names[number].map { "signal \(number) (\($0))" } ?? "signal \(number)"
        }
    }
}

/// What a finished child has left.
package struct ProcessResult: Sendable {
    package var status: ProcessStatus
    package var stdout: [UInt8]
    package var stderr: [UInt8]

    package init(status: ProcessStatus, stdout: [UInt8], stderr: [UInt8]) {
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
    }

    /// Standard output as text; bytes that are not UTF-8 become U+FFFD.
    package var outputText: String { String(decoding: stdout, as: UTF8.self) }
    /// Standard error as text; bytes that are not UTF-8 become U+FFFD.
    package var errorText: String { String(decoding: stderr, as: UTF8.self) }
}

/// The two streams that a child writes.
package enum ProcessStream: Sendable, Hashable {
    case stdout
    case stderr
}
