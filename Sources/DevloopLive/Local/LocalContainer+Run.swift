// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LocalPods
import LoopEngine
import Plan
import ProcessRunner

/// One run of the program of a container, with the probes that are asked meanwhile.
extension LocalContainer {
    /// One run of the program.
    /// - Returns: nil when it was cancelled.
    func run() async -> ContainerRecord.End? {
        if isLifeOver {
            runs.append("local://\(pod.identity.uid)/\(plan.name)/\(runs.count)")
            isLifeOver = false
            logs.begin(runs[runs.count - 1])
        }
        let id = runs[runs.count - 1]
        let started = clock.wall()
        do {
            let status = try await runWithProbes(id, started)
            group = nil
            let (code, signal): (Int, Int?) =
                switch status {
                case .exited(let code): (Int(code), nil)
                case .signalled(let number): (128 + Int(number), Int(number))
                }
            return ContainerRecord.End(exitCode: code, signal: signal, started: started, finished: clock.wall(), id: id)
        } catch {
            group = nil
            if Task.isCancelled || error is CancellationError { return nil }
            // containerd's code for what could not be started.
            change { $0.id = id }
            return ContainerRecord.End(
                exitCode: 128, reason: "StartError", message: Self.text(error), started: started,
                finished: clock.wall(), id: id)
        }
    }

    /// - Returns: how the program has ended; SIGKILL's when a probe has ended it.
    private func runWithProbes(_ id: String, _ started: WallTime) async throws -> ProcessStatus {
        var command = ProcessCommand(plan.arguments, directory: plan.directory, environment: .exact(plan.environment))
        command.grace = .seconds(pod.workload.gracePeriod)
        let splitters = StreamLines()
        let logs = logs
        let wall = clock.wall
        let work = command
        return try await withThrowingTaskGroup(of: ProcessStatus?.self) { group in
            let (starts, starting) = AsyncStream.makeStream(of: Void.self)
            group.addTask {
                defer { starting.finish() }
                let status = try await ProcessRunner.stream(work) { pid in
                    await self.began(id, pid, at: started)
                    starting.yield()
                } onOutput: { stream, bytes in
                    for line in splitters.add(stream, bytes) { logs.add(line, to: id, at: wall()) }
                }
                for line in splitters.finish() { logs.add(line, to: id, at: wall()) }
                return status
            }
            group.addTask {
                for await _ in starts { return try await self.probe() }
                return nil
            }
            defer { group.cancelAll() }
            while let status = try await group.next() {
                if let status {
                    group.cancelAll()
                    // The program is gone before its end is told.
                    while let _ = try? await group.next() {}
                    return status
                }
            }
            throw CancellationError()
        }
    }

    private func began(_ id: String, _ pid: Int32, at time: WallTime) {
        group = pid
        change { record in
            record.id = id
            record.state = .running(since: time)
            // Without a check a container is ready as soon as it runs.
            record.isReady = plan.checks.readiness == nil && plan.checks.startup == nil
        }
    }

    static func text(_ error: any Error) -> String { (error as? DevloopError)?.message ?? "\(error)" }
}
