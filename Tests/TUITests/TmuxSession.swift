// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// A shell in a terminal of its own, of a known size: what a person would see.
final class TmuxSession: Sendable {
    private let socket: String
    let folder: String

    /// Starts a shell whose prompt is `READY> `, with the path of the demo in `$DEMO` and a scratch folder in `$T`.
    init(width: Int, height: Int, environment: [String] = []) async throws {
        var template = Array("/tmp/devloop-tmux-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
        try #require(made)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        socket = "devloop-test-\(getpid())-\(folder.suffix(6))"
        let variables = [
            "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "PS1=READY> ", "DEMO=\(Self.demo)", "T=\(folder)",
            // The crash test needs the plain end of a process, without a debugger's prompt.
            "SWIFT_BACKTRACE=enable=no",
        ]
        let start = ["new-session", "-d", "-x", "\(width)", "-y", "\(height)"]
        let shell = ["bash", "--noprofile", "--norc", "--noediting", "-i"]
        let all = start + (variables + environment).flatMap { ["-e", $0] } + shell
        let result = tmux(all, setting: ["LANG=C.UTF-8"])
        try #require(result.status == 0, "tmux: \(result.output)")
        try await wait("a prompt") { $0.contains("READY>") }
    }

    deinit {
        _ = tmux(["kill-server"])
        for name in ["before", "after", "pid", "statistics", "output"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    /// Whether the program that these tests need is there.
    static let isAvailable = Process.run(["tmux", "-V"]).status == 0

    /// The demo lies beside the program that runs the tests.
    private static let demo: String = {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/devloop-dashboard-demo"
    }()

    /// Presses keys, by the names that tmux has for them.
    func press(_ keys: String...) { _ = tmux(["send-keys"] + keys) }

    /// Types a command and Enter.
    func type(_ command: String) {
        _ = tmux(["send-keys", "-l", command])
        press("Enter")
    }

    func resize(width: Int, height: Int) {
        _ = tmux(["resize-window", "-x", "\(width)", "-y", "\(height)"])
    }

    /// The screen as text; with `escapes`, colours and attributes too.
    func screen(escapes: Bool = false) -> String {
        tmux(["capture-pane", "-p"] + (escapes ? ["-e"] : [])).output
    }

    /// A variable of tmux about the pane, such as `cursor_flag`.
    func variable(_ name: String) -> String {
        tmux(["display-message", "-p", "#{\(name)}"]).output.split(separator: "\n").first.map(String.init) ?? ""
    }

    /// Looks at the screen until it is as expected, or fails after ten seconds.
    @discardableResult
    func wait(
        _ what: String, escapes: Bool = false, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: (String) -> Bool
    ) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(10)
        var text = screen(escapes: escapes)
        while !condition(text), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
            text = screen(escapes: escapes)
        }
        try #require(condition(text), "waited for \(what), the screen is\n\(text)", sourceLocation: sourceLocation)
        return text
    }

    private func tmux(_ arguments: [String], setting: [String] = []) -> (status: Int32, output: String) {
        Process.run(["tmux", "-L", socket, "-f", "/dev/null"] + arguments, setting: setting)
    }
}

/// Runs a program to its end and takes what it prints.
enum Process {
    static func run(_ arguments: [String], setting: [String] = []) -> (status: Int32, output: String) {
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
