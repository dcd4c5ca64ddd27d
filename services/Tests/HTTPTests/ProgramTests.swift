// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Testing
import Wire

/// The executables as processes: what ends them, and with which code.
@Suite(.timeLimit(.minutes(1))) struct ProgramTests {
    /// Enough for each of the programs.
    private static let settings = [
        "PORT": "0", "LISTEN_HOST": "127.0.0.1", "STORE": "memory", "DELINKCIOUS_MUTUAL_AUTH": "false",
        "GATEWAY_DEV_TOKENS": "t=gigi:g@x",
    ]

    @Test(arguments: ["api_gateway", "link_checker", "link_service", "social_graph_service", "user_service"])
    func sigtermEndsItAtOnceThoughAConnectionIsOpen(name: String) async throws {
        let child = try Child(name, Self.settings)
        let line = try await child.line { $0.contains("listening") }
        let port = try #require(line.firstMatch(of: /port"?[:=]"(\d+)"/).flatMap { Int($0.1) })
        #expect(try await RawHTTP.call(port, "GET", "/readyz").status == 200)
        let idle = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get()
        let begin = ContinuousClock.now
        kill(child.pid, SIGTERM)
        #expect(try await child.exitCode() == 0)
        #expect(ContinuousClock.now - begin < .seconds(5))
        try? await idle.close()
    }

    @Test(arguments: [
        (["STORE": "redis"], "link_service: STORE=redis: there is no such store; known: memory, postgres\n"),
        (["MAX_LINKS_PER_USER": "1.5"], "link_service: MAX_LINKS_PER_USER=1.5: not a whole number\n"),
        (["DELINKCIOUS_MUTUAL_AUTH": "", "DELINKCIOUS_MUTUAL_AUTH_FILE": "/no/file"], "link_service: /no/file: "),
    ])
    func whatKeepsItFromRunningIsSaidOnceAndEndsWith1(extra: [String: String], want: String) async throws {
        let child = try Child("link_service", Self.settings.merging(extra) { $1 })
        let line = try await child.firstLine()
        #expect(line.hasPrefix(want))
        #expect(try await child.exitCode() == 1)
    }

    @Test func theNewsServiceEndsAtOnceToo() async throws {
        let child = try Child("news_service", Self.settings)
        let line = try await child.line { $0.contains("listening") }
        let port = try #require(line.firstMatch(of: /port"?[:=]"(\d+)"/).flatMap { Int($0.1) })
        #expect(try await news(port, of: "").err == "user name can't be empty")
        let idle = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get()
        let begin = ContinuousClock.now
        kill(child.pid, SIGTERM)
        #expect(try await child.exitCode() == 0)
        #expect(ContinuousClock.now - begin < .seconds(5))
        try? await idle.close()
    }

    @Test(arguments: [
        ("link_service", "LINK_DB", "the database does not answer: "),
        ("user_service", "USER_DB", "the database does not answer: "),
        ("social_graph_service", "SOCIAL_GRAPH_DB", "the database does not answer: "),
        ("news_service", "NEWS_MANAGER_REDIS", "Redis does not answer: "),
    ])
    func aStoreThatIsNotThereEndsItWith1(name: String, store: String, want: String) async throws {
        let settings = Self.settings.merging([
            "STORE": "", "\(store)_SERVICE_HOST": "127.0.0.1", "\(store)_SERVICE_PORT": "1",
            "STORE_PATIENCE_SECONDS": "0",
        ]) { $1 }
        let child = try Child(name, settings)
        let line = try await child.line { $0.hasPrefix("\(name): ") }
        #expect(line.hasPrefix("\(name): \(want)"), "\(line)")
        #expect(try await child.exitCode() == 1)
    }

    @Test func whileItWaitsForItsDatabaseSigtermEndsIt() async throws {
        let settings = Self.settings.merging([
            "STORE": "postgres", "USER_DB_SERVICE_HOST": "127.0.0.1", "USER_DB_SERVICE_PORT": "1",
        ]) { $1 }
        let child = try Child("user_service", settings)
        _ = try await child.line { $0.contains("trying again") }
        kill(child.pid, SIGTERM)
        #expect(try await child.exitCode() == 0)
    }

    @Test(arguments: [
        "api_gateway", "link_checker", "link_service", "news_service", "social_graph_service", "user_service",
    ])
    func aPortInUseIsFatal(name: String) async throws {
        let taken = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(taken.localAddress?.port)
        let child = try Child(name, Self.settings.merging(["PORT": "\(port)"]) { $1 })
        let line = try await child.line { $0.hasPrefix("\(name): ") }
        #expect(line.contains("Address already in use"), "\(line)")
        #expect(try await child.exitCode() == 1)
        try await taken.close()
    }
}

/// One process of ours. Its standard error is a file, so that it never waits for a reader. A test that fails half way
/// leaves no process behind.
private final class Child {
    let pid: pid_t
    private let output: Int32
    private var isReaped = false

    deinit {
        close(output)
        guard !isReaped else { return }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    init(_ name: String, _ environment: [String: String]) throws {
        var path = [CChar](repeating: 0, count: 4_096)
        let length = readlink("/proc/self/exe", &path, path.count - 1)
        let runner = String(decoding: path.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folder = runner.split(separator: "/").dropLast().joined(separator: "/")
        var template = Array("/tmp/delinkcious-test-XXXXXX".utf8CString)
        output = mkstemp(&template)
        guard output >= 0 else { throw SpawnError(code: errno) }
        unlink(template)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(name), nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + variables { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/\(folder)/\(name)", &actions, nil, &arguments, &variables)
        guard code == 0 else {
            close(output)
            throw SpawnError(code: code)
        }
        self.pid = pid
    }

    func firstLine() async throws -> String {
        try await line { _ in true }
    }

    /// Polls for a whole line; the suite's time limit is the deadline.
    func line(where isWanted: (String) -> Bool) async throws -> String {
        while true {
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = max(0, pread(output, &bytes, bytes.count, 0))
            let lines = bytes[..<count].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                .dropLast().map { String(decoding: $0, as: UTF8.self) + "\n" }
            if let line = lines.first(where: isWanted) { return line }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// The exit code, or the negative signal that ended it.
    func exitCode() async throws -> Int32 {
        while true {
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid {
                isReaped = true
                return status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f)
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

private struct SpawnError: Error {
    let code: Int32
}
