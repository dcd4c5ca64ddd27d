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
        /// Sources that had to be compiled and were.
        var compiled: [String: FileStamp]
        /// Sources that had to be compiled and were not.
        var missed: Set<String>
    }

    /// Runs the compiler; `expected` are sources that it must not skip.
    func run(
        expecting expected: Set<String>, _ onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> Attempt {
        let swift = try await swift()
        let arguments = [swift.swift, "build", "--scratch-path", Self.scratchFolder] + Self.flags
        var command = ProcessCommand(arguments, directory: package, environment: .exact(environment))
        // SwiftPM ends its compilers on SIGINT, and leaves them on SIGTERM.
        command.softSignal = SIGINT
        onEvent(.started((["swift"] + arguments.dropFirst()).joined(separator: " ")))
        let stamps = expected.reduce(into: [String: FileStamp]()) { $0[$1] = FileStamp($1) }
        open(window: WallClock.now())
        let output = Mutex(BuildOutput())
        let status: ProcessStatus
        do {
            status = try await ProcessRunner.stream(command) { stream, bytes in
                let events = output.withLock { $0.add(bytes, from: stream) }
                for event in events { onEvent(event) }
            }
        } catch {
            close(window: WallClock.now())
            throw error
        }
        close(window: WallClock.now())
        for event in output.withLock({ $0.finish() }) { onEvent(event) }
        let parser = output.withLock(\.parser)
        guard status.isSuccess, let start = freshness.window?.start else {
            return Attempt(status: status, parser: parser, compiled: [:], missed: [])
        }
        var compiled: [String: FileStamp] = [:]
        var missed: Set<String> = []
        let graph = try await graph()
        for (path, stamp) in stamps {
            guard let object = object(of: path, in: graph), let made = FileStamp(object) else {
                // No object can be told: a macro's, a plugin's or a C source; SwiftPM's own check holds for those.
                compiled[path] = stamp
                continue
            }
            if made.modified >= start { compiled[path] = stamp } else { missed.insert(path) }
        }
        return Attempt(status: status, parser: parser, compiled: compiled, missed: missed)
    }
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
        let text = String(decoding: bytes, as: UTF8.self)
        if !isHeld, text.contains("Another instance of SwiftPM") {
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
        case .diagnostic(let diagnostic): .diagnosed(diagnostic)
        case nil: nil
        }
    }
}
