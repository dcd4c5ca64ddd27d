// SPDX-License-Identifier: Apache-2.0

import LoopEngine
import Plan
import ProcessRunner

/// Runs commands of the spec.
struct CommandAdapter: CommandPort {
    func probe(_ action: Probe.Action, directory: String, timeout: Duration) async -> String? {
        await HostProbe.attempt(action, directory: directory, timeout: timeout)
    }

    func run(_ command: Command, onLine: @escaping @Sendable (String) -> Void) async throws -> Int {
        let splitters = StreamLines()
        let kept = ProcessEnvironment.current.filter { !command.unset.contains($0.key) }
        let status = try await ProcessRunner.stream(
            ProcessCommand(
                command.arguments, directory: command.directory,
                environment: .exact(kept.merging(command.environment) { $1 }))
        ) { stream, bytes in
            for line in splitters.add(stream, bytes) { onLine(String(decoding: line, as: UTF8.self)) }
        }
        for line in splitters.finish() { onLine(String(decoding: line, as: UTF8.self)) }
        switch status {
        case .exited(let code): return Int(code)
        case .signalled(let number): return 128 + Int(number)
        }
    }
}
