// SPDX-License-Identifier: Apache-2.0

import CDevloop
import Glibc

/// Keeps copies of the terminal's descriptors, and sends standard output and error to a file meanwhile.
struct OutputCapture: Sendable {
    /// A copy of standard output, which is the terminal.
    let terminal: CInt
    private let savedError: CInt
    private let isRedirected: Bool

    /// - Returns: nil when the system has no descriptor left.
    init?(path: String?) {
        terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
        savedError = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
        guard terminal >= 0 else { return nil }
        fflush(nil)
        let file = path.map { open($0, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600) } ?? -1
        isRedirected = file >= 0
        if file >= 0 {
            dup2(file, STDOUT_FILENO)
            dup2(file, STDERR_FILENO)
            close(file)
        }
    }

    /// Where the crash handler finds the error stream of before; -1 when it was not redirected.
    var errorForCrash: CInt { isRedirected ? savedError : -1 }

    /// Gives both streams back.
    func end() {
        fflush(nil)
        if isRedirected {
            dup2(terminal, STDOUT_FILENO)
            if savedError >= 0 { dup2(savedError, STDERR_FILENO) }
        }
        close(terminal)
        if savedError >= 0 { close(savedError) }
    }
}
