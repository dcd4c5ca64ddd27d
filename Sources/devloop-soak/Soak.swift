// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopCore
import Glibc
import ProcessRunner
import RandomEdits

/// Random edits without end: each is built by devloop's builder, and what the programs print is held to a clean build.
@main
struct Soak: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scripts/soak", abstract: "Hold devloop's builds to clean ones over many random edits",
        discussion: """
            Each edit of a generated package is built incrementally; what its programs print then is compared with what \
            they print after a clean 'swift build' of the same sources. Ctrl-C ends it; the same command goes on where it \
            stopped. A stale result ends it with exit code 1, and everything needed to see it again is kept.
            """)

    @Option(help: "Edits to make, those of earlier runs with this seed included")
    var edits = 500

    @Option(help: "Number from which all edits are made")
    var seed: UInt64 = 1

    @Option(help: "File that gets one line per edit (soak.log beside the package)")
    var log: String?

    @Flag(help: "Forget what earlier runs with this seed did, and begin anew")
    var fresh = false

    func validate() throws {
        if edits < 1 { throw ValidationError("--edits needs a number from 1") }
    }

    func run() async throws {
        do {
            try await soak()
        } catch let error as DevloopError {
            print("error: \(error.report)")
            throw ExitCode(1)
        }
    }

    private func soak() async throws {
        let home = ProcessEnvironment.value("HOME") ?? "/root"
        let cache = ProcessEnvironment.value("XDG_CACHE_HOME") ?? "\(home)/.cache"
        let folder = SoakFolder(path: "\(cache)/devloop/soak/\(seed)")
        let lock = try folder.lock()
        defer { close(lock) }
        if fresh { folder.clear() }
        var state = try folder.state()
        if let stale = state.stale {
            throw DevloopError(
                .build, "an earlier run with seed \(seed) stopped: \(stale)",
                hint: "begin anew with --fresh, or take another --seed")
        }
        let log = try SoakLog(path: log ?? "\(folder.path)/soak.log")
        if state.done > 0 { print("going on after edit \(state.done) of seed \(seed)") }
        let interrupts = Interrupts()
        // Ctrl-C ends the build that runs, with all of its compilers; the edit is made again by the next run.
        let work = Task { [state] in try await Self.work(state, seed: seed, edits: edits, folder: folder, log: log) }
        let watch = Task {
            for await _ in interrupts.signals { work.cancel() }
        }
        defer { watch.cancel() }
        do {
            try await work.value
        } catch is CancellationError {
            state = try folder.state()
            print(state.summary(seed: seed))
            print("stopped after edit \(state.done) of \(edits); the same command goes on")
            throw ExitCode(130)
        } catch let stale as StaleResult {
            state = try folder.state()
            state.stale = "edit \(state.done + 1): \(stale.what)"
            try folder.save(state)
            print("STALE: \(stale)")
            throw ExitCode(1)
        }
        print(try folder.state().summary(seed: seed))
    }

    private static func work(
        _ start: SoakState, seed: UInt64, edits: Int, folder: SoakFolder, log: SoakLog
    ) async throws {
        var state = start
        guard state.done < edits else { return }
        var run = try EditRun(
            folder: folder.path, seed: seed, after: state.done, environment: ProcessEnvironment.current)
        print("building the package as it is after edit \(state.done)")
        _ = try await run.begin(at: state.done)
        while state.done < edits {
            try Task.checkCancellation()
            let number = state.done + 1
            do {
                let outcome = try await run.perform(number: number)
                try log.add(SoakLog.line(number, outcome))
                state.add(outcome)
                try folder.save(state)
            } catch let stale as StaleResult {
                try log.add("\(number) STALE \(stale.what)")
                throw stale
            }
        }
    }
}
