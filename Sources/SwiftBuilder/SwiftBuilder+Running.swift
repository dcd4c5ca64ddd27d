// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import ProcessRunner
import Synchronization

extension SwiftBuilder {
    /// One run of `swift build`.
    struct Attempt {
        var status: ProcessStatus
        var parser: BuildOutputParser
        /// When it began, in nanoseconds since 1970.
        var start: Int
        /// Sources that had to be compiled and were.
        var compiled: [String: FileStamp]
        /// Sources that had to be compiled and were not.
        var missed: Set<String>

        /// What was said, and how `swift build` was ended if it could say nothing itself.
        var diagnostics: [Diagnostic] {
            guard case .signalled = status else { return parser.diagnostics }
            let message = "swift build was ended by \(status); too little memory is the usual cause"
            return [Diagnostic(location: nil, severity: .error, message: message)] + parser.diagnostics
        }
    }

    /// Runs the compiler; `expected` are sources that it must not skip, `reason` is why it is not the driver's.
    func run(
        _ graph: PackageGraph, expecting expected: Set<String>, because reason: String? = nil,
        _ onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> Attempt {
        let swift = try await swift()
        try requireScratch()
        let arguments = [swift.swift, "build", "--scratch-path", Self.scratchFolder] + flags
        var command = ProcessCommand(arguments, directory: package, environment: .exact(environment))
        // SwiftPM ends its compilers on SIGINT, and leaves them on SIGTERM.
        command.softSignal = SIGINT
        onEvent(.started((["swift"] + arguments.dropFirst()).joined(separator: " "), because: reason))
        let stamps = expected.reduce(into: [String: FileStamp]()) { $0[$1] = FileStamp($1) }
        let start = WallClock.now()
        if FileStamp(pinsPath) == nil { pins = .underWay }
        defer { if case .underWay = pins { pins = FileStamp(pinsPath).map(PinsWriting.done) ?? .none } }
        freshness.open(at: start)
        writeWindow()
        let output = Mutex(BuildOutput())
        let status: ProcessStatus
        do {
            status = try await ProcessRunner.stream(command) { stream, bytes in
                let events = output.withLock { $0.add(bytes, from: stream) }
                for event in events { onEvent(event) }
            }
        } catch {
            abandon(made(of: stamps, since: start, in: graph))
            throw error
        }
        let end = WallClock.now()
        for event in output.withLock({ $0.finish() }) { onEvent(event) }
        let parser = output.withLock(\.parser)
        var compiled = made(of: stamps, since: start, in: graph)
        guard status.isSuccess else {
            freshness.failed(at: end, compiled: compiled)
            writeWindow()
            return Attempt(status: status, parser: parser, start: start, compiled: compiled, missed: [])
        }
        var missed: Set<String> = []
        for (path, stamp) in stamps where compiled[path] == nil {
            if let object = object(of: path, in: graph), FileStamp(object) != nil {
                missed.insert(path)
            } else {
                // No object can be told: a macro's or a plugin's; SwiftPM's own check holds for those.
                compiled[path] = stamp
            }
        }
        freshness.succeeded(from: start, at: end, compiled: compiled, missed: missed)
        writeWindow()
        return Attempt(status: status, parser: parser, start: start, compiled: compiled, missed: missed)
    }

    /// - Throws: `DevloopError` when nothing can be written where builds go.
    private func requireScratch() throws {
        mkdir(scratch, 0o755)
        guard access(scratch, W_OK | X_OK) != 0 else { return }
        throw DevloopError(
            .build, "cannot write to \(scratch): \(String(cString: strerror(errno)))",
            hint: "builds are kept there: make it a folder that can be written to, or mount one in its place")
    }

    var pinsPath: String { "\(package)/Package.resolved" }

    /// A package without pins gets them from its first build; that is no save of the user's.
    func isWrittenByBuild(_ path: String) -> Bool {
        guard path == pinsPath else { return false }
        switch pins {
        case .none: return false
        case .underWay: return true
        case .done(let stamp): return FileStamp(path) == stamp
        }
    }

    /// Those of the sources whose objects were written since then. The compiler writes an object as a whole or not at
    /// all, so this holds for builds that failed or were cancelled too.
    private func made(
        of stamps: [String: FileStamp], since start: Int, in graph: PackageGraph
    ) -> [String: FileStamp] {
        stamps.filter { path, _ in
            guard let object = object(of: path, in: graph), let made = FileStamp(object) else { return false }
            return FreshnessGuard.isMade(made, since: start)
        }
    }
}

/// Whether the `Package.resolved` that is there was made by a build of ours.
enum PinsWriting {
    case none
    case underWay
    case done(FileStamp)
}

/// Both streams of a build, put together to lines.
private struct BuildOutput {
    var parser = BuildOutputParser()
    private var stdout = LineSplitter()
    private var stderr = LineSplitter()
    private var isHeld = false

    mutating func add(_ bytes: [UInt8], from stream: ProcessStream) -> [BuildEvent] {
        var events: [BuildEvent] = []
        // This message has no line end, and the build stands still after it.
        if !isHeld, String(decoding: bytes, as: UTF8.self).contains(BuildOutputParser.waiting.start) {
            isHeld = true
            events.append(.held("another SwiftPM works in \(SwiftBuilder.scratchFolder); the build waits for it"))
        }
        let lines = stream == .stdout ? stdout.add(bytes) : stderr.add(bytes)
        return events + lines.compactMap { event(String(decoding: $0, as: UTF8.self)) }
    }

    mutating func finish() -> [BuildEvent] {
        [stdout.finish(), stderr.finish()].compactMap { $0 }.compactMap { event(String(decoding: $0, as: UTF8.self)) }
    }

    private mutating func event(_ line: String) -> BuildEvent? {
        switch parser.add(line) {
        case .progress(let done, let total, let step): .progressed(done: done, total: total, step: step)
        // A warning without a place is SwiftPM's remark on some package, often not the user's: told if the build fails.
        case .diagnostic(let diagnostic) where diagnostic.location == nil && diagnostic.severity == .warning: nil
        case .diagnostic(let diagnostic): .diagnosed(diagnostic)
        case nil: nil
        }
    }
}
