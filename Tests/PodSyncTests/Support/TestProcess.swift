// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// A child process of a test with its standard input and output on pipes; it is killed when the value goes.
final class TestProcess: Sendable {
    let pid: pid_t
    /// Write end of its input, read end of its output.
    let input: Int32
    let output: Int32
    private let status = Mutex<Int32?>(nil)

    /// - Parameter log: file for standard error, and for standard output too when it is given; nothing that the child
    ///   leaves behind can then hold the test program's own output open.
    init(_ arguments: [String], environment: [String] = [], log: String? = nil) throws {
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        // Socket pairs, because they can be made close-on-exec at once: tests start children side by side.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &toChild) == 0, socketpair(AF_UNIX, kind, 0, &fromChild) == 0 else {
            throw TestError("socketpair")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        if let log {
            posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        } else {
            posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        }
        posix_spawn_file_actions_addopen(&actions, 2, log ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o644)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            (environment + ["PATH=/usr/bin:/bin"]).map { strdup($0) } + [nil]
        defer { for word in words + variables { free(word) } }
        // A test runs on a thread that blocks signals; a container does not begin like that.
        var attributes = posix_spawnattr_t()
        var none = sigset_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        let result = posix_spawn(&child, arguments[0], &actions, &attributes, &words, &variables)
        Glibc.close(toChild[0])
        Glibc.close(fromChild[1])
        guard result == 0 else { throw TestError("spawn \(arguments): \(result)") }
        pid = child
        input = toChild[1]
        output = fromChild[0]
    }

    /// Asks it to end, gives it a moment, and kills it.
    func end() {
        signal(SIGTERM)
        for _ in 0..<200 where exitCode() == nil { poll(nil, 0, 5) }
        signal(SIGKILL)
    }

    deinit {
        signal(SIGKILL)
        _ = wait()
        Glibc.close(input)
        Glibc.close(output)
    }

    func signal(_ number: Int32) { if status.withLock({ $0 == nil }) { kill(pid, number) } }

    /// Exit code once it has ended, 128 + n for a signal; nil while it runs.
    func exitCode() -> Int32? {
        status.withLock { known in
            if let known { return known }
            var raw: Int32 = 0
            guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
            known = Self.code(raw)
            return known
        }
    }

    private func wait() -> Int32 {
        status.withLock { known in
            if let known { return known }
            var raw: Int32 = 0
            while waitpid(pid, &raw, 0) < 0, errno == EINTR {}
            known = Self.code(raw)
            return Self.code(raw)
        }
    }

    private static func code(_ raw: Int32) -> Int32 {
        raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
    }
}

struct TestError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// Looks again until the condition holds or the deadline has passed; gives whether it held.
func eventually(
    within limit: Duration = .seconds(10), _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return try await condition()
}
