// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc

/// Finds programs as a shell would, but says what is wrong.
package enum ProgramSearch {
    /// The path of a program: itself when it holds a slash, else the first executable file on `path`.
    /// - Parameter path: a `PATH`; nil is devloop's own.
    /// - Throws: ``DevloopError`` with code `process` and a hint.
    package static func resolve(_ program: String, path: String? = nil) throws -> String {
        guard !program.isEmpty else { throw DevloopError(.process, "the command is empty") }
        if program.utf8.contains(UInt8(ascii: "/")) { return program }
        let search = path ?? ProcessEnvironment.value("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
        for folder in search.split(separator: ":") {
            let candidate = "\(folder)/\(program)"
            if isExecutable(candidate) { return candidate }
        }
        throw DevloopError(
            .process, "program '\(program)' was not found",
            hint: "install '\(program)' or put its folder on PATH, which is \(search)")
    }

    static func isExecutable(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// What is told when the kernel refuses to start a program.
    static func failure(_ number: Int32, _ command: ProcessCommand, path: String, inDirectory: Bool) -> DevloopError {
        let reason = String(cString: strerror(number))
        if inDirectory {
            return DevloopError(
                .process, "cannot run '\(command.program)' in '\(command.directory ?? "")': \(reason)",
                hint: "the working directory of the command must exist")
        }
        var info = stat()
        let isThere = stat(path, &info) == 0
        switch number {
        case ENOENT where !isThere:
            return DevloopError(
                .process, "program '\(command.program)' does not exist", hint: "check the path, or install it")
        case ENOENT:
            return DevloopError(
                .process, "cannot run '\(path)': its interpreter or loader is missing",
                hint: "look at the first line of the script, or run ldd on the program")
        case EACCES:
            return DevloopError(.process, "cannot run '\(path)': \(reason)", hint: "chmod +x \(path)")
        case ENOEXEC:
            return DevloopError(
                .process, "cannot run '\(path)': not a program of this machine",
                hint: "a script needs a first line such as #!/bin/sh")
        case E2BIG:
            return DevloopError(
                .process, "cannot run '\(path)': arguments and environment are too long together",
                hint: "pass long lists through a file")
        default:
            return DevloopError(.process, "cannot run '\(path)': \(reason)")
        }
    }
}
