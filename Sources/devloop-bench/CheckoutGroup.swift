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

    /// - Parameter isInMemory: whether the files lie in memory, here and in the Pods. What a disk takes for thousands of small
    ///   files depends on its file system, and can be more than all else.
    init(context: BenchContext, cluster: BenchCluster, isInMemory: Bool = false) {
        self.context = context
        let name = isInMemory ? "\(Self.name)-memory" : Self.name
        fleet = TinyFleet(name, context: context, cluster: cluster, isInMemory: isInMemory)
    }

    func run() async throws -> [RowResult] {
        defer { if fleet.isInMemory { Files.remove(fleet.folder) } }
        let row = try await measure()
        return fleet.isInMemory ? [row] : try await [row] + alone()
    }

    private func measure() async throws -> RowResult {
        try fleet.make(replicas: Self.pods)
        try await makeBranches()
        let id = fleet.isInMemory ? "checkout-memory" : "checkout"
        context.say("  \(id): bringing it up")
        return try await fleet.up { session in
            let pods = try await fleet.clients(Self.pods)
            let rounds = min(context.saves, Self.most)
            context.say("  \(id): \(rounds) of \(Self.files) files")
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
            return RowResult(id, times, profile: profile.medians, notes: [note])
        }
    }

    /// What Git takes by itself, and what the disk takes for as many new files as the Pods get: nothing can be faster.
    private func alone() async throws -> [RowResult] {
        context.say("  checkout: git and the disk alone")
        let plain = "\(context.work)/\(Self.name)-plain"
        Files.remove(plain)
        try await run(["git", "clone", "-q", fleet.folder, plain])
        defer { Files.remove(plain) }
        let replaced = "\(context.work)/\(Self.name)-floor"
        defer { Files.remove(replaced) }
        let floor = (0..<Self.pods).map { "\(replaced)/\($0)" }
        for folder in floor { try Files.makeDirectory(folder) }
        var (git, disk) = ([Double](), [Double]())
        for round in -2..<min(context.saves, Self.most) {
            try await Task.sleep(for: .milliseconds(1_000))
            let start = ContinuousClock.now
            try await run(["git", "-C", plain, "checkout", "-q", round.isMultiple(of: 2) ? "one" : "two"])
            let middle = ContinuousClock.now
            try await withThrowingDiscardingTaskGroup { group in
                for folder in floor {
                    group.addTask { try Self.replaceFiles(in: folder, "round \(round)\n") }
                }
            }
            guard round >= 0 else { continue }
            git.append((middle - start).inMilliseconds)
            disk.append((ContinuousClock.now - middle).inMilliseconds)
        }
        return [RowResult("checkout-git", git), RowResult("checkout-disk", disk)]
    }

    /// A new file for each, under another name first.
    private static func replaceFiles(in folder: String, _ text: String) throws {
        for number in 0..<files {
            let place = "\(folder)/\(number / 50)"
            if number.isMultiple(of: 50) { try Files.makeDirectory(place) }
            try Files.write("\(place)/.new", Array("\(number) \(text)".utf8))
            try Files.rename("\(place)/.new", "\(place)/\(number).txt")
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
            let arrivals = session.inbox.arrivals("save.served", since: mark)
            guard arrivals.count > told, let end = arrivals.last?.at else {
                try await Task.sleep(for: .milliseconds(2))
                continue
            }
            told = arrivals.count
            if pods.allSatisfy({ Self.isWhole($0, branch, some) }) {
                return ((end - start).inMilliseconds, arrivals.map(\.event))
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

    private func git(_ words: String...) async throws { try await run(["git", "-C", fleet.folder] + words) }

    private func run(_ words: [String]) async throws {
        let result = try await ProcessRunner.run(ProcessCommand(words, environment: .exact(context.environment)))
        guard result.status.isSuccess else { throw BenchFailure("\(words): \(result.errorText)") }
    }
}
