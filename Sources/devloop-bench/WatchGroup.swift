// SPDX-License-Identifier: Apache-2.0

import FileWatch
import Glibc

/// What it costs to watch 50,000 files in 5,000 folders. Needs no cluster.
struct WatchGroup {
    static let folders = 5_000
    static let filesInEach = 10
    static let rounds = 3
    /// How long nothing happens.
    static let idle = Duration.seconds(10)

    let say: @Sendable (String) -> Void

    func run() async throws -> [RowResult] {
        // In a folder of its own: the one above a root is watched, too, and others write into /tmp all the time.
        let folder = "/tmp/devloop-bench-watch-\(getpid())"
        let root = "\(folder)/project"
        defer { Files.remove(folder) }
        say("  watch: \(Self.folders * Self.filesInEach) files")
        for number in 0..<Self.folders {
            try Files.makeDirectory("\(root)/\(number % 50)/\(number)")
            for file in 0..<Self.filesInEach {
                try Files.write("\(root)/\(number % 50)/\(number)/\(file)", Array("\(number) \(file)\n".utf8))
            }
        }
        var (starts, shares, notes) = ([Double](), [Double](), [String]())
        for round in 1...Self.rounds {
            say("  watch: round \(round) of \(Self.rounds)")
            let start = ContinuousClock.now
            let watcher = try FileWatcher(roots: [root])
            starts.append((ContinuousClock.now - start).inMilliseconds)
            // Every file is read once after the start.
            while !watcher.isAtRest { try await Task.sleep(for: .milliseconds(50)) }
            let (turns, before) = (watcher.turnCount, try ProcessFacts.processorMilliseconds(Int(getpid())))
            try await Task.sleep(for: Self.idle)
            let used = try ProcessFacts.processorMilliseconds(Int(getpid())) - before
            shares.append(100 * used / (Double(Self.idle.components.seconds) * 1_000))
            notes.append("\(watcher.turnCount - turns)")
            watcher.stop()
        }
        return [
            RowResult("watch-start", starts),
            RowResult("watch-cpu", shares, notes: ["wake-ups in 10 s: \(notes.joined(separator: ", "))"]),
        ]
    }
}
