// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopLive
import Glibc
import KubeClient
import LogStore
import LoopEngine
import SwiftBuilder

/// A flood of log lines from an API server, by the way that lines take in `up`: client, resuming, joining, crash reports,
/// scrubbing, the store in memory and its files. Needs no cluster.
struct LogGroup {
    static let lines = 500_000
    static let rounds = 5
    private static let source = "flood"

    let say: @Sendable (String) -> Void

    func run() async throws -> [RowResult] {
        var rates: [Double] = []
        var peaks: [Double] = []
        var megabytes = 0.0
        for round in 1...Self.rounds {
            say("  logs: \(round) of \(Self.rounds)")
            let result = try await measure()
            rates.append(Double(Self.lines) / result.seconds)
            peaks.append(result.peak)
            megabytes = result.megabytes
        }
        return [
            RowResult(
                "logs", rates,
                notes: [
                    "\(Self.lines) lines of \(Int(megabytes.rounded())) MB in each run; the files held each of them once, in order, byte for byte"
                ]),
            RowResult("logs-memory", peaks),
        ]
    }

    private struct Result {
        var seconds: Double
        var peak: Double
        var megabytes: Double
    }

    private func measure() async throws -> Result {
        let flood = LogFlood(count: Self.lines)
        let server = try LogServer(flood)
        defer { server.stop() }
        var template = Array("/tmp/devloop-bench-logs-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw BenchFailure("no folder in /tmp") }
        let folder = String(cString: made)
        defer { Files.remove(folder) }
        let files = LogFiles(folder: folder)
        let store = LogStore(sink: files)
        let scrubber = Scrubber()
        scrubber.replace(with: [Scrubber.Secret(value: LogFlood.secret, replacement: LogFlood.replacement)])
        let client = try client(port: server.port)

        ProcessFacts.resetPeak()
        let start = ContinuousClock.now
        var end = start
        var count = 0
        let (runs, told) = AsyncStream.makeStream(of: String.self)
        told.yield(LogServer.run)
        told.finish()
        let lines = ContainerLog.lines(
            client, namespace: "bench", pod: "flood", container: "main", runs: runs,
            symbolizer: Symbolizer(environment: [:]))
        for try await line in lines {
            store.append(line: scrubber.scrub(line.bytes), source: Self.source, time: line.time.milliseconds)
            count += 1
            if count == Self.lines { end = .now }
        }
        let peak = try ProcessFacts.peakMegabytes()
        guard count == Self.lines else { throw BenchFailure("\(count) lines of \(Self.lines) came") }
        // The container's end is not believed at once: the last second is asked for again, and comes twice.
        guard server.logRequests > 1 else { throw BenchFailure("the log was not read again at its end") }
        guard files.failedBytes == 0, files.rotatedAwayBytes == 0 else { throw BenchFailure("a line was not written") }
        let size = try verify(flood, files)
        return Result(
            seconds: (end - start).inMilliseconds / 1_000, peak: peak, megabytes: Double(size) / 1_000_000)
    }

    /// Compares the files with what was sent, piece by piece, so that the next run's peak is not this one's.
    /// - Returns: bytes of all lines.
    private func verify(_ flood: LogFlood, _ files: LogFiles) throws -> Int {
        guard let path = files.path(of: Self.source) else { throw BenchFailure("there are no files") }
        var (index, size, position) = (0, 0, 0)
        var expected: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        for name in ["\(path).2", "\(path).1", path] where Files.exists(name) {
            let file = open(name, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw BenchFailure("\(name): \(String(cString: strerror(errno)))") }
            defer { close(file) }
            while true {
                let count = read(file, &piece, piece.count)
                guard count > 0 else { break }
                size += count
                var rest = piece[..<count]
                while !rest.isEmpty {
                    if position == expected.count {
                        guard index < flood.count else { throw BenchFailure("there is more than was sent") }
                        expected.removeAll(keepingCapacity: true)
                        flood.appendShown(index, to: &expected)
                        (position, index) = (0, index + 1)
                    }
                    let same = min(expected.count - position, rest.count)
                    guard rest.prefix(same).elementsEqual(expected[position..<(position + same)]) else {
                        throw BenchFailure("line \(index - 1) is lost, doubled or changed")
                    }
                    position += same
                    rest = rest.dropFirst(same)
                }
            }
        }
        guard index == flood.count, position == expected.count else {
            throw BenchFailure("the files end before line \(index)")
        }
        return size
    }

    private func client(port: Int) throws -> KubeClient {
        let text = """
            current-context: bench
            clusters: [{name: bench, cluster: {server: 'http://127.0.0.1:\(port)'}}]
            contexts: [{name: bench, context: {cluster: bench, user: bench}}]
            users: [{name: bench, user: {}}]
            """
        return try KubeClient(config: try KubeConfig(parsing: Array(text.utf8), file: "/dev/null"))
    }
}
