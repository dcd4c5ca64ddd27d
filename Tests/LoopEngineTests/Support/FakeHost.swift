// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Synchronization

/// A spec whose outcome the test chooses.
final class FakeSpec: SpecPort {
    private let outcome: Mutex<SpecOutcome>

    init(_ plan: Plan) { outcome = Mutex(Self.outcome(plan)) }

    static let file = "/project/Devloopfile"

    private static func outcome(_ plan: Plan) -> SpecOutcome {
        SpecOutcome(plan: plan, error: nil, watchedFiles: [file], output: [], file: file)
    }

    func set(_ plan: Plan) { outcome.withLock { $0 = Self.outcome(plan) } }

    func set(_ error: DevloopError) {
        outcome.withLock {
            $0 = SpecOutcome(plan: nil, error: error, watchedFiles: [Self.file], output: [], file: Self.file)
        }
    }

    /// The spec is broken when it is read, and mended before anything watches it.
    func set(_ error: DevloopError, mendedUnseenBy plan: Plan) {
        set(error)
        outcome.withLock {
            $0.isOutdated = { [weak self] in
                self?.set(plan)
                return true
            }
        }
    }

    func evaluate() async -> SpecOutcome { outcome.withLock { $0 } }
}

/// Saves come from the test.
final class FakeWatch: WatchPort {
    private struct State {
        var continuation: AsyncStream<FileChanges>.Continuation?
        var roots: [String] = []
        var settle: [Duration] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let clock: ManualClock
    let warnings: AsyncStream<WatchWarning>
    private let warning: AsyncStream<WatchWarning>.Continuation

    init(clock: ManualClock) {
        self.clock = clock
        (warnings, warning) = AsyncStream.makeStream(of: WatchWarning.self)
    }

    func warn(_ message: String, hint: String) { warning.yield(WatchWarning(message: message, hint: hint)) }

    var roots: [String] { state.withLock(\.roots) }
    var isStarted: Bool { state.withLock { $0.continuation != nil } }
    var isStopped: Bool { state.withLock(\.isStopped) }
    /// Quiet time and limit.
    var settle: [Duration] { state.withLock(\.settle) }
    func settle(_ quiet: Duration, limit: Duration) async { state.withLock { $0.settle = [quiet, limit] } }

    func start(roots: [String]) async throws -> AsyncStream<FileChanges> {
        let (stream, continuation) = AsyncStream.makeStream(of: FileChanges.self)
        state.withLock { state in
            state.continuation = continuation
            state.roots = roots
        }
        return stream
    }

    func update(roots: [String]) async throws { state.withLock { $0.roots = roots } }

    func stop() async {
        state.withLock { state in
            state.continuation?.finish()
            state.isStopped = true
        }
    }

    /// A settled change set: 3 ms to the first notice, 10 ms to its end.
    func save(_ paths: String...) {
        let changes = FileChanges(paths: paths.sorted(), watch: 3, settle: .milliseconds(10), closed: clock.now)
        state.withLock { _ = $0.continuation?.yield(changes) }
    }
}

/// Builds end when the test says so.
final class FakeBuild: BuildPort {
    private struct Running {
        var id: Int
        var work: BuildWork
        var onEvent: @Sendable (BuildNotice) -> Void
        var continuation: CheckedContinuation<BuildEnd, any Error>
    }

    private struct State {
        var last = 0
        var running: [Running] = []
        var cancelled: Set<Int> = []
        var all: [BuildWork] = []
        var automatic: [String: String]?
    }

    private let state = Mutex(State())

    /// Builds that began, in order.
    var all: [BuildWork] { state.withLock(\.all) }
    var runningCount: Int { state.withLock { $0.running.count } }

    /// Every build from now on succeeds at once with these digests by product; nil asks the test again.
    func setAutomatic(_ digests: [String: String]?) { state.withLock { $0.automatic = digests } }

    func products(of package: String, affectedBy files: [String]) async throws -> Set<String> {
        // `/project/Sources/web/main.swift` belongs to the product `web`, files of `Shared` to all.
        var found: Set<String> = []
        for file in files where file.hasPrefix("\(package)/Sources/") {
            let target = String(file.dropFirst(package.count + 9).prefix { $0 != "/" })
            found.formUnion(target == "Shared" ? ["web", "worker"] : [target])
        }
        return found
    }

    func roots(of package: String) async throws -> [String] { ["\(package)/Package.swift", "\(package)/Sources"] }

    func onlyProduct(of package: String) async throws -> String { "web" }

    func build(_ request: BuildWork, onEvent: @escaping @Sendable (BuildNotice) -> Void) async throws -> BuildEnd {
        let (id, automatic) = state.withLock { state in
            state.last += 1
            state.all.append(request)
            return (state.last, state.automatic)
        }
        onEvent(.started(command: "swift build", reason: nil))
        if let automatic { return Self.success(automatic) }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.running.append(
                        Running(id: id, work: request, onEvent: onEvent, continuation: continuation))
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let running = state.withLock { state in
                guard let index = state.running.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil as Running?
                }
                return state.running.remove(at: index)
            }
            running?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Ends the oldest running build well.
    func succeed(_ digests: [String: String]) { end { _ in Self.success(digests) } }

    /// Ends the oldest running build with an error in a file.
    func fail(_ file: String, line: Int, column: Int, _ message: String) {
        let diagnostic = BuildDiagnostic(
            severity: "error", location: SourceLocation(file: file, line: line, column: column), message: message)
        end { running in
            running.onEvent(.diagnosed(diagnostic))
            return .failed([diagnostic], output: "error: \(message)")
        }
    }

    private func end(_ make: (Running) -> BuildEnd) {
        let running = state.withLock { $0.running.isEmpty ? nil : $0.running.removeFirst() }
        guard let running else { return }
        running.continuation.resume(returning: make(running))
    }

    private static func success(_ digests: [String: String]) -> BuildEnd {
        .succeeded(
            digests.reduce(into: [:]) { $0[$1.key] = Artifact(path: "/out/\($1.key)", digest: $1.value) },
            stages: [("build", 1000), ("strip", 20)])
    }
}

/// Commands end when the test says so.
final class FakeCommands: CommandPort {
    private struct State {
        var ran: [[String]] = []
        var codes: [String: Int] = [:]
        var probeProblem: String?
        var serving: [Int: CheckedContinuation<Int, any Error>] = [:]
        var cancelled: Set<Int> = []
        var last = 0
    }

    private let state = Mutex(State())

    var ran: [[String]] { state.withLock(\.ran) }
    var servingCount: Int { state.withLock { $0.serving.count } }

    /// Exit code of commands that begin with this word.
    func setCode(_ code: Int, for program: String) { state.withLock { $0.codes[program] = code } }

    /// Ends all servers with a code.
    func endServers(_ code: Int) {
        let all = state.withLock { state in
            defer { state.serving = [:] }
            return Array(state.serving.values)
        }
        for continuation in all { continuation.resume(returning: code) }
    }

    /// What is wrong with the server, as the probe is told; nil when it answers.
    func setProbeAnswer(_ problem: String?) { state.withLock { $0.probeProblem = problem } }

    func probe(_ action: Probe.Action, directory: String, timeout: Duration) async -> String? {
        state.withLock(\.probeProblem)
    }

    func run(_ command: Command, onLine: @escaping @Sendable (String) -> Void) async throws -> Int {
        let (id, code) = state.withLock { state in
            state.ran.append(command.arguments)
            state.last += 1
            return (state.last, state.codes[command.arguments.first ?? ""] ?? 0)
        }
        onLine("output of \(command.arguments.joined(separator: " "))")
        guard command.arguments.first == "serve" else { return code }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.serving[id] = continuation
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                let found = state.serving.removeValue(forKey: id)
                if found == nil { state.cancelled.insert(id) }
                return found
            }
            continuation?.resume(throwing: CancellationError())
        }
    }
}

/// Ports that listen nowhere.
final class FakeForwards: ForwardPort {
    private struct State {
        var busy: Set<Int> = []
        var open: [Int] = []
        var dials: [@Sendable () async throws -> any ByteChannel] = []
    }

    private let state = Mutex(State())

    var open: [Int] { state.withLock(\.open) }
    var dials: [@Sendable () async throws -> any ByteChannel] { state.withLock(\.dials) }

    func setBusy(_ ports: Set<Int>) { state.withLock { $0.busy = ports } }

    func open(
        host: String, port: Int, policy: PortForward.BusyPolicy,
        dial: @escaping @Sendable () async throws -> any ByteChannel
    ) async throws -> any OpenForward {
        let chosen: Int? = state.withLock { state in
            var chosen = port
            if state.busy.contains(port) {
                guard policy == .move else { return nil }
                chosen += 1
            }
            state.open.append(chosen)
            state.dials.append(dial)
            return chosen
        }
        guard let chosen else {
            throw DevloopError(.portInUse, "port \(port) is in use", hint: "end the other program")
        }
        return Forward(port: chosen) { self.state.withLock { $0.open.removeAll { $0 == chosen } } }
    }

    private struct Forward: OpenForward {
        let port: Int
        let onClose: @Sendable () -> Void
        func close() async { onClose() }
    }
}
