// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ProcessRunner

/// Thousands of files that `git checkout` changes.
///
/// The clock runs from the start of `git checkout` until devloop has said `save.served` for the last of the saves that it
/// makes: then every container has confirmed all files by their digests. Right after it each Pod is asked for fifty of them,
/// and after the last round for all.
struct CheckoutGroup {
    static let name = "checkout"
    private static let pods = 3
    private static let files = 5_000
    /// There and back.
    private static let most = 50

    let context: BenchContext
    let fleet: TinyFleet

    init(context: BenchContext, cluster: BenchCluster) {
        self.context = context
        fleet = TinyFleet(Self.name, context: context, cluster: cluster)
    }

    func run() async throws -> [RowResult] {
        try fleet.make(replicas: Self.pods)
        try await makeBranches()
        context.say("  checkout: bringing it up")
        return try await fleet.up { session in
            let pods = try await fleet.clients(Self.pods)
            let rounds = min(context.saves, Self.most)
            context.say("  checkout: \(rounds) of \(Self.files) files")
            var (times, profile, parts) = ([Double](), Profile(), [Double]())
            // Two for warming up; the first one also brings files that no container has.
            for round in -2..<rounds {
                let branch = round.isMultiple(of: 2) ? "one" : "two"
                try await Task.sleep(for: .milliseconds(1_000))
                let (time, events) = try await checkout(branch, session, pods)
                guard round >= 0 else { continue }
                times.append(time)
                parts.append(Double(events.count))
                profile.add(events.last)
            }
            let branch = (rounds - 1).isMultiple(of: 2) ? "one" : "two"
            for pod in pods where !Self.isWhole(pod, branch, Array(0..<Self.files)) {
                throw BenchFailure("checkout: \(pod.address) has not all files of branch \(branch)")
            }
            let note = "seen as \(Int(Spread(parts).median)) saves by the watcher, median"
            return [RowResult("checkout", times, profile: profile.medians, notes: [note])]
        }
    }

    /// - Returns: milliseconds, and what was told as served on the way.
    private func checkout(
        _ branch: String, _ session: UpSession, _ pods: [PodClient]
    ) async throws -> (Double, [JSONValue]) {
        let some = Array(stride(from: 0, to: Self.files, by: Self.files / 49)) + [Self.files - 1]
        let mark = session.inbox.count
        let start = ContinuousClock.now
        try await git("checkout", "-q", branch)
        let limit = start + .seconds(60)
        var told = 0
        while true {
            guard ContinuousClock.now < limit else {
                throw BenchFailure("checkout: 60 s passed before the Pods had all files of branch \(branch)")
            }
            let events = session.inbox.events("save.served", since: mark)
            let end = ContinuousClock.now
            guard events.count > told else {
                try await Task.sleep(for: .milliseconds(2))
                continue
            }
            told = events.count
            if pods.allSatisfy({ Self.isWhole($0, branch, some) }) {
                return ((end - start).inMilliseconds, events)
            }
        }
    }

    private static func isWhole(_ pod: PodClient, _ branch: String, _ numbers: [Int]) -> Bool {
        numbers.allSatisfy { TinyFleet.shows(pod, path($0), "file \($0) of branch \(branch)\n") }
    }

    /// The files as two commits.
    private func makeBranches() async throws {
        if !Files.exists("\(fleet.folder)/.git") { try await git("init", "-q", "-b", "two") }
        for branch in ["one", "two"] {
            try await git("checkout", "-q", "-f", "-B", branch)
            for number in 0..<Self.files {
                let path = "\(fleet.folder)/Public/\(Self.path(number))"
                if number.isMultiple(of: 50) {
                    try Files.makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
                }
                try Files.write(path, Array("file \(number) of branch \(branch)\n".utf8))
            }
            try await git("add", "Public/tree")
            try await git(
                "-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-q", "--allow-empty", "-m",
                branch)
        }
    }

    /// Fifty files in a folder.
    private static func path(_ number: Int) -> String { "tree/\(number / 50)/\(number).txt" }

    private func git(_ words: String...) async throws {
        let result = try await ProcessRunner.run(
            ProcessCommand(["git", "-C", fleet.folder] + words, environment: .exact(context.environment)))
        guard result.status.isSuccess else { throw BenchFailure("git \(words): \(result.errorText)") }
    }
}
