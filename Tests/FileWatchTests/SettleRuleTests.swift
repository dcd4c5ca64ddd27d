// SPDX-License-Identifier: Apache-2.0

import FileWatch
import Testing

@Suite struct SettleRuleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        /// Milliseconds.
        var events: [Int]
        var hasOpenWriter = false
        var hasMissingFile = false
        /// Until when git holds its lock.
        var gitUntil = 0
        var closes: Int
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "one event", events: [0], closes: 10),
        Case(name: "a write and a rename", events: [0, 4], closes: 14),
        Case(name: "a pause just short of quiet", events: [0, 9, 18], closes: 28),
        Case(
            name: "events without a pause end at the latest", events: Array(stride(from: 0, to: 400, by: 5)),
            closes: 150),
        Case(name: "a file still open for writing", events: [0], hasOpenWriter: true, closes: 150),
        Case(name: "a known file is gone", events: [0], hasMissingFile: true, closes: 40),
        Case(
            name: "a gone file late in the set", events: stride(from: 0, through: 140, by: 8).map { $0 },
            hasMissingFile: true, closes: 150),
        Case(name: "git at work", events: [0], gitUntil: 900, closes: 910),
        Case(name: "git that never ends", events: [0], gitUntil: 60_000, closes: 5_000),
    ]

    /// Plays a case against a clock of whole milliseconds, asking only when the rule said so.
    @Test(arguments: cases) func closes(_ this: Case) {
        let start = ContinuousClock.now
        func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }
        var rule = SettleRule()
        var events = this.events[...]
        var now = 0
        while now < 10_000 {
            if let next = events.first, next <= now {
                rule.event(at: at(next))
                events.removeFirst()
                continue
            }
            guard let earliest = rule.earliest, at(now) >= earliest else {
                now += 1
                continue
            }
            var condition = SettleRule.Condition()
            condition.hasOpenWriter = this.hasOpenWriter
            condition.hasMissingFile = this.hasMissingFile
            condition.isGitChanging = now < this.gitUntil
            guard let again = rule.closing(condition, at: at(now)) else { break }
            #expect(again > at(now))
            now += 1
        }
        // Git's lock is looked at every 20 ms; here each millisecond.
        #expect(abs(now - this.closes) <= (this.gitUntil > 0 ? 20 : 0), "closed at \(now) ms")
    }

    @Test func startsAnew() {
        var rule = SettleRule()
        #expect(!rule.isPending)
        #expect(rule.earliest == nil)
        rule.event(at: .now)
        #expect(rule.isPending)
        rule.reset()
        #expect(!rule.isPending)
    }
}

@Suite struct BuiltInIgnoresTests {
    static let files: [(String, Bool)] = [
        (".main.swift.swp", true), ("main.swift.swx", true), (".main.swift.swo", true), ("4913", true),
        ("main.swift~", true), (".#main.swift", true), ("#main.swift#", true), ("a.tmp", true),
        ("main.swift___jb_tmp___", true), ("main.swift___jb_old___", true), (".goutputstream-ABC", true),
        ("main.swift", false), ("swp", false), ("a.swift", false), ("49130", false), ("#channel", false),
        (".env", false), ("template", false), ("tmp", false), ("notes.swm", false),
    ]

    @Test(arguments: files) func knowsTemporaries(_ name: String, _ isIgnored: Bool) {
        #expect(BuiltInIgnores.isIgnored(file: name) == isIgnored)
    }

    static let folders: [(String, Bool)] = [
        (".git", true), (".build", true), (".build-devloop", true), (".devloop", true), ("DerivedData", true),
        ("node_modules", true), ("build", false), (".buildkite", false), (".github", false), ("Sources", false),
    ]

    @Test(arguments: folders) func knowsOutput(_ name: String, _ isIgnored: Bool) {
        #expect(BuiltInIgnores.isIgnored(directory: name) == isIgnored)
    }
}
