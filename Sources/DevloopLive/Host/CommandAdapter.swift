// SPDX-License-Identifier: Apache-2.0

import LoopEngine
import Plan
import ProcessRunner
import Synchronization

/// Runs commands of the spec.
struct CommandAdapter: CommandPort {
    func probe(_ action: Probe.Action, directory: String, timeout: Duration) async -> String? {
        await HostProbe.attempt(action, directory: directory, timeout: timeout)
    }

    func run(_ command: Command, onLine: @escaping @Sendable (String) -> Void) async throws -> Int {
        let splitters = Mutex((LineSplitter(), LineSplitter()))
        let kept = ProcessEnvironment.current.filter { !command.unset.contains($0.key) }
        let status = try await ProcessRunner.stream(
            ProcessCommand(
                command.arguments, directory: command.directory,
                environment: .exact(kept.merging(command.environment) { $1 }))
        ) { stream, bytes in
            let lines = splitters.withLock { splitters in
                stream == .stdout ? splitters.0.add(bytes) : splitters.1.add(bytes)
            }
            for line in lines { onLine(String(decoding: line, as: UTF8.self)) }
        }
        let rest = splitters.withLock { [$0.0.finish(), $0.1.finish()] }
        for line in rest.compactMap({ $0 }) { onLine(String(decoding: line, as: UTF8.self)) }
        switch status {
        case .exited(let code): return Int(code)
        case .signalled(let number): return 128 + Int(number)
        }
    }
}
