// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A server of Debian's on a free loopback port, with a folder of its own, for as long as a test needs it.
final class RealServer: Sendable {
    enum Kind: String, Sendable { case postgres, redis, nats }

    /// Starts one as local mode does; the shell becomes the server, so that one signal ends it.
    private static let serve: String = {
        // From services/Tests/HTTPTests/RealStores/RealServer.swift.
        let folders = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return "/\(folders)/stores/serve"
    }()

    let port: Int
    private let kind: Kind
    private let folder: String
    private let pid = Mutex<pid_t?>(nil)

    private init(_ kind: Kind) throws {
        self.kind = kind
        var template = Array("/tmp/delinkcious-store-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StoreFailure(what: "no folder: \(errno)") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        port = try RealServer.freePort()
    }

    /// Runs a server while `body` works with it. It listens by then unless `started` is `false`.
    static func with<Result: Sendable>(
        _ kind: Kind, started: Bool = true, _ body: @Sendable (RealServer) async throws -> Result
    ) async throws -> Result {
        let server = try RealServer(kind)
        do {
            if started { try await server.start() }
            let result = try await body(server)
            try await server.end()
            return result
        } catch {
            try await server.end()
            throw error
        }
    }

    /// Starts it, again if it ran before; what it stored is there.
    func start() async throws {
        let pid = try spawn("exec sh \"$@\"", [Self.serve, kind.rawValue, String(port), folder])
        self.pid.withLock { $0 = pid }
        let deadline = ContinuousClock.now + .seconds(45)
        while !(await isListening()) {
            guard waitpid(pid, nil, WNOHANG) == 0, ContinuousClock.now < deadline else {
                throw StoreFailure(what: "\(kind) does not start; its log is \(folder)/log")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Ends it at once, as when its machine fails.
    func stop() async throws {
        guard let pid = pid.withLock({ $0.take() }) else { return }
        kill(pid, kind == .postgres ? SIGQUIT : SIGKILL)
        while waitpid(pid, nil, WNOHANG) == 0 { try await Task.sleep(for: .milliseconds(5)) }
    }

    private func end() async throws {
        try await stop()
        let remover = try spawn("exec rm -rf \"$1\"", [folder])
        while waitpid(remover, nil, WNOHANG) == 0 { try await Task.sleep(for: .milliseconds(5)) }
    }

    private func isListening() async -> Bool {
        let connection = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get()
        try? await connection?.close()
        return connection != nil
    }

    /// A port that nobody has now, of those that the system gives to nobody who asks for any: while the server is away, no
    /// other server of these tests gets it, and no client's own end does.
    private static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<32_000)
            guard given.withLock({ $0.insert(port).inserted }) else { continue }
            guard isFree(port) else { continue }
            return port
        }
        throw StoreFailure(what: "no port")
    }

    /// Asks with a socket that no program gets which is started meanwhile: it would listen on.
    private static func isFree(_ port: Int) -> Bool {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(probe) }
        return bind(probe, to: port)
    }

    static func bind(_ descriptor: Int32, to port: Int) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static let given = Mutex<Set<Int>>([])

    private func spawn(_ script: String, _ arguments: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "\(folder)/log", O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var words: [UnsafeMutablePointer<CChar>?] = (["sh", "-c", script, "sh"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/bin/sh", &actions, nil, &words, environ)
        guard code == 0 else { throw StoreFailure(what: "no shell: \(code)") }
        return pid
    }
}

struct StoreFailure: Error {
    let what: String
}
