// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A shell in a terminal of its own, of a known size: what a person would see.
package final class TmuxSession: Sendable {
    private let socket: String
    package let folder: String

    /// Starts a shell whose prompt is `READY> `, with a scratch folder in `$T`.
    /// - Parameter environment: further variables, as `NAME=value`.
    package init(width: Int, height: Int, environment: [String] = []) async throws {
        var template = Array("/tmp/devloop-tmux-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
        guard made else { throw TestFileError(path: "/tmp", errno: errno) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        socket = "devloop-test-\(getpid())-\(folder.suffix(6))"
        let variables = [
            "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "PS1=READY> ", "T=\(folder)",
            // The crash test needs the plain end of a process, without a debugger's prompt.
            "SWIFT_BACKTRACE=enable=no",
        ]
        let start = ["new-session", "-d", "-x", "\(width)", "-y", "\(height)"]
        let shell = ["bash", "--noprofile", "--norc", "--noediting", "-i"]
        let all = start + (variables + environment).flatMap { ["-e", $0] } + shell
        let result = tmux(all, setting: ["LANG=C.UTF-8"])
        guard result.status == 0 else { throw TmuxError(description: "tmux: \(result.output)") }
        try await wait("a prompt") { $0.contains("READY>") }
    }

    deinit {
        _ = tmux(["kill-server"])
        for name in ["before", "after", "pid", "statistics", "output"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    /// Whether the program that these tests need is there.
    package static let isAvailable = TestProgram.run(["tmux", "-V"]).status == 0

    /// Presses keys, by the names that tmux has for them.
    package func press(_ keys: String...) { _ = tmux(["send-keys"] + keys) }

    /// Types a command and Enter.
    package func type(_ command: String) {
        _ = tmux(["send-keys", "-l", command])
        press("Enter")
    }

    package func resize(width: Int, height: Int) {
        _ = tmux(["resize-window", "-x", "\(width)", "-y", "\(height)"])
    }

    /// The screen as text; with `escapes`, colours and attributes too.
    package func screen(escapes: Bool = false) -> String {
        tmux(["capture-pane", "-p"] + (escapes ? ["-e"] : [])).output
    }

    /// A variable of tmux about the pane, such as `cursor_flag`.
    package func variable(_ name: String) -> String {
        tmux(["display-message", "-p", "#{\(name)}"]).output.split(separator: "\n").first.map(String.init) ?? ""
    }

    /// Looks at the screen until it is as expected, or fails at the deadline.
    @discardableResult
    package func wait(
        _ what: String, escapes: Bool = false, deadline limit: Duration = .seconds(10),
        _ condition: (String) -> Bool
    ) async throws -> String {
        let deadline = ContinuousClock.now + limit
        var text = screen(escapes: escapes)
        while !condition(text), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
            text = screen(escapes: escapes)
        }
        guard condition(text) else { throw TmuxError(description: "waited for \(what), the screen is\n\(text)") }
        return text
    }

    private func tmux(_ arguments: [String], setting: [String] = []) -> (status: Int32, output: String) {
        TestProgram.run(["tmux", "-L", socket, "-f", "/dev/null"] + arguments, setting: setting)
    }
}

/// The terminal, or what it shows, is not as a test needs it.
package struct TmuxError: Error, CustomStringConvertible {
    package let description: String
}
