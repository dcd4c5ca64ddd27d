// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Runs a program to its end and takes what it prints.
package enum TestProgram {
    package static func run(_ arguments: [String], setting: [String] = []) -> (status: Int32, output: String) {
        // A file and no pipe: its end is known when the program has ended, whoever else has inherited it.
        let path = "/tmp/devloop-run-\(getpid())-\(UInt64.random(in: 0 ..< .max))"
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return (-1, "open: \(String(cString: strerror(errno)))") }
        defer {
            close(file)
            unlink(path)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, file, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, file, STDERR_FILENO)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // A test runs on a thread that blocks signals; a user's shell does not begin like that.
        var attributes = posix_spawnattr_t()
        var none = sigset_t()
        posix_spawnattr_init(&attributes)
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        defer { posix_spawnattr_destroy(&attributes) }
        let names: [String] = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"]
        let variables: [String] = names.compactMap { (name: String) -> String? in
            getenv(name).map { "\(name)=\(String(cString: $0))" }
        }
        let all = variables + ["TERM=xterm-256color"] + setting
        let environment: [UnsafeMutablePointer<CChar>?] = all.map { strdup($0) } + [nil]
        let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for text in words + environment { free(text) } }
        var child = pid_t()
        let code = posix_spawnp(&child, arguments[0], &actions, &attributes, words, environment)
        guard code == 0 else { return (-1, String(cString: strerror(code))) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = pread(file, &buffer, buffer.count, off_t(output.count))
            if count <= 0 { break }
            output += buffer[..<count]
        }
        return (status >> 8 & 0xFF, String(decoding: output, as: UTF8.self))
    }
}
