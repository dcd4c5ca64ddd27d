// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// Commands and servers of the spec on this machine.
extension Session {
    func runLocal(_ name: String, _ local: LocalResource, number: Int) {
        let commands = ports.commands
        let wall = ports.clock.wall
        let log: @Sendable (String) -> Void = { [weak self] line in
            self?.log(name, pod: "", container: "local", LogLine(time: wall(), bytes: Array(line.utf8)))
        }
        set(.building, for: name)
        let previous = resources[name]?.task
        previous?.cancel()
        let task = spawn { session in
            // The server before this one has to give its port back first.
            await previous?.value
            do {
                if let command = local.command {
                    let start = await session.now
                    let code = try await commands.run(command, onLine: log)
                    guard code == 0 else {
                        throw DevloopError(
                            .build, "\(command.arguments.joined(separator: " ")): exit code \(code)",
                            hint: "its output is in the log of \(name)")
                    }
                    await session.localDone(name, number: number, start: start)
                }
                guard let serve = local.serveCommand else {
                    return await session.localEnded(name, number: number)
                }
                await session.localServes(name, number: number, isReady: local.readinessProbe == nil)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let code = try await commands.run(serve, onLine: log)
                        throw DevloopError(
                            .process, "the server ended with exit code \(code)", hint: "a save starts it again")
                    }
                    if let probe = local.readinessProbe {
                        group.addTask {
                            try await session.follow(probe, of: name, number: number, directory: serve.directory)
                        }
                    }
                    defer { group.cancelAll() }
                    try await group.next()
                }
            } catch {
                await session.deployFailed(name, number: number, error: error)
            }
        }
        resources[name]?.task = task
    }

    /// Asks the probe for as long as the server runs, and tells what it says, by Kubernetes' rules for thresholds.
    private func follow(_ probe: Probe, of name: String, number: Int, directory: String) async throws {
        var record = ProbeRecord(probe)
        try await ports.clock.sleep(.seconds(probe.initialDelay))
        while true {
            let problem = await ports.commands.probe(
                probe.action, directory: directory, timeout: .seconds(probe.timeout))
            guard resources[name]?.taskNumber == number else { throw CancellationError() }
            switch record.note(isSuccess: problem == nil) {
            case .ready: set(.ready, for: name)
            case .notReady: set(.starting("readiness probe: \(problem ?? "no answer")"), for: name)
            case .open: break
            }
            try await ports.clock.sleep(.seconds(probe.period))
        }
    }

    private func localDone(_ name: String, number: Int, start: ContinuousClock.Instant) {
        guard resources[name]?.taskNumber == number else { return }
        loops.ended(.resource(name), at: now)
        served(name, way: "run", stages: [("run", (now - start).milliseconds)])
    }

    /// The server runs on; the slot is free for others.
    private func localServes(_ name: String, number: Int, isReady: Bool) {
        guard resources[name]?.taskNumber == number else { return }
        resources[name]?.isTaskRunning = false
        // What a server writes as it starts is its own; later on, a save is a person's.
        loops.ended(.resource(name), at: now + .seconds(2))
        set(isReady ? .ready : .starting("waits for its readiness probe"), for: name)
        advanceAll()
    }

    private func localEnded(_ name: String, number: Int) {
        guard resources[name]?.taskNumber == number else { return }
        resources[name]?.isTaskRunning = false
        resources[name]?.task = nil
        loops.ended(.resource(name), at: now)
        set(.ready, for: name)
        advanceAll()
    }
}
