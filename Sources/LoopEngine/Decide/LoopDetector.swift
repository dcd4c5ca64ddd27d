// SPDX-License-Identifier: Apache-2.0

/// Finds work that writes its own inputs, directly or through other work, and so would be done again for ever.
///
/// A change belongs to the work that was under way when it was written. Work that is asked for by what it has itself led
/// to is in a round. A person who saves while a build runs makes rounds as well, so that rounds alone prove nothing: it
/// is a loop when the same files are written in each of several rounds at the same time after the start, which people do
/// not do, or after so many rounds that it is no matter who does it.
struct LoopDetector {
    /// Something that is done again when its inputs change.
    enum Work: Hashable, Sendable, Comparable {
        /// A local command, or one that deploys, by the resource's name.
        case resource(String)
        /// Made by a Dockerfile or a command, by its ref.
        case image(String)
        /// A Swift package, by its directory.
        case package(String)
        /// The evaluation of the spec.
        case spec
    }

    /// A change set, as far as it concerns one piece of work.
    struct Write {
        var paths: Set<String>
        /// By the newest file's own time.
        var earliest: ContinuousClock.Instant
        /// When it was noticed first.
        var latest: ContinuousClock.Instant
    }

    struct Loop: Equatable, Sendable {
        /// What is written each time.
        var file: String
        /// What was under way then; sorted.
        var writers: [Work]
        var rounds: Int
    }

    enum Verdict: Equatable {
        /// Do it.
        case goes
        /// Do not: it is a loop, which was not known before.
        case stops(Loop)
        /// Do not: it is part of the loop that was told of.
        case isStopped
    }

    /// Rounds that have to be alike.
    static let rounds = 5
    /// Rounds after which it is a loop, alike or not.
    static let mostRounds = 20
    /// How far apart the times of alike rounds may be; a tenth of the time when that is more.
    static let tolerance = Duration.milliseconds(500)

    private struct Round {
        var paths: Set<String>
        /// From the start of the writer.
        var offset: Duration
    }

    private struct Run {
        var start: ContinuousClock.Instant
        var end: ContinuousClock.Instant?
        /// All work whose outcome has led to this.
        var ancestors: Set<Work> = []
        /// Rounds before this, without a break.
        var rounds: [Round] = []
        /// Files of the loop that was stopped.
        var stopped: Set<String>?

        /// Whether it was under way when this was written.
        func covers(_ write: Write) -> Bool { write.latest > start && end.map { write.earliest <= $0 } ?? true }
    }

    private struct Wish {
        var ancestors: Set<Work> = []
        var rounds: [Round] = []
    }

    /// The newest of each.
    private var runs: [Work: Run] = [:]
    /// What is asked for and has not begun.
    private var wishes: [Work: Wish] = [:]

    mutating func began(_ work: Work, at now: ContinuousClock.Instant) {
        let wish = wishes.removeValue(forKey: work) ?? Wish()
        runs[work] = Run(start: now, ancestors: wish.ancestors, rounds: wish.rounds)
    }

    /// - Parameter now: may lie ahead, for what may still be written.
    mutating func ended(_ work: Work, at now: ContinuousClock.Instant) { runs[work]?.end = now }

    /// The user wants it done, whatever was before.
    mutating func forget(_ work: Work) {
        runs[work] = nil
        wishes[work] = Wish()
    }

    /// Whether something was under way that may have written this.
    func mayBeRound(_ write: Write) -> Bool { runs.values.contains { $0.covers(write) } }

    /// A change asks for work.
    mutating func asked(_ work: Work, because write: Write) -> Verdict {
        let writers = runs.filter { $0.value.covers(write) }
        var ancestors = Set(writers.keys)
        for run in writers.values { ancestors.formUnion(run.ancestors) }
        if let stopped = runs[work]?.stopped, ancestors.contains(work), write.paths.isSubset(of: stopped) {
            return .isStopped
        }
        guard ancestors.contains(work), runs[work]?.stopped == nil else {
            // From outside, or the outcome of other work.
            runs[work]?.stopped = nil
            wishes[work] = Wish(ancestors: ancestors.subtracting([work]))
            return .goes
        }
        if let wish = wishes[work] {
            // It is asked for already: by a person, or for the same reason.
            if !wish.rounds.isEmpty { wishes[work]?.rounds[wish.rounds.count - 1].paths.formUnion(write.paths) }
            return .goes
        }
        let start = writers[work]?.start ?? writers.values.map(\.start).min() ?? write.latest
        let round = Round(paths: write.paths, offset: write.latest - start)
        var rounds = runs[work]?.rounds ?? []
        if let last = rounds.last, !Self.isSamePlace(last.paths, write.paths) { rounds = [] }
        rounds.append(round)
        guard Self.isLoop(rounds) else {
            wishes[work] = Wish(ancestors: ancestors, rounds: rounds)
            return .goes
        }
        runs[work]?.stopped = Self.files(of: rounds)
        let before = rounds.dropLast().last?.paths ?? []
        let file = write.paths.intersection(before).min() ?? write.paths.min() ?? ""
        return .stops(Loop(file: file, writers: writers.keys.sorted(), rounds: rounds.count))
    }

    /// What is written over and over: a file that came once is a person's, unless each has a name of its own.
    private static func files(of rounds: [Round]) -> Set<String> {
        let counts = rounds.reduce(into: [String: Int]()) { counts, round in
            for path in round.paths { counts[path, default: 0] += 1 }
        }
        let often = counts.filter { $0.value > 1 }.keys
        return Set(often.isEmpty ? counts.keys : often)
    }

    /// One file in common, or at least a folder: a log may have a new name each time.
    private static func isSamePlace(_ left: Set<String>, _ right: Set<String>) -> Bool {
        !left.isDisjoint(with: right) || !Set(left.map(folder)).isDisjoint(with: right.map(folder))
    }

    private static func folder(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    private static func isLoop(_ all: [Round]) -> Bool {
        if all.count >= mostRounds { return true }
        let rounds = all.suffix(Self.rounds)
        guard rounds.count == Self.rounds, let newest = rounds.last else { return false }
        let known = rounds.dropLast().reduce(into: Set<String>()) { $0.formUnion($1.paths) }
        // Something else as well: that may be a person's.
        guard newest.paths.isSubset(of: known) else { return false }
        let offsets = rounds.map(\.offset).sorted()
        let mean = offsets.reduce(.zero, +) / rounds.count
        return offsets[offsets.count - 1] - offsets[0] <= max(tolerance, mean / 10)
    }
}
