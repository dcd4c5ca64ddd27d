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
        var times = SettleTimes()
        /// What git does, by milliseconds since the start.
        var git: @Sendable (Int) -> SettleRule.Git = { _ in .idle }
        var isDespiteLock = false
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
        Case(name: "other times", events: [0, 25], times: .init(quiet: .milliseconds(30)), closes: 55),
        Case(
            name: "another limit", events: Array(stride(from: 0, to: 400, by: 5)),
            times: .init(longest: .milliseconds(60)), closes: 60),
        Case(name: "quiet for longer than the limit", events: [0], times: .init(quiet: .seconds(1)), closes: 1000),
        Case(
            name: "a known file is gone, with other times", events: [0], hasMissingFile: true,
            times: .init(quiet: .milliseconds(20)), closes: 80),
        Case(
            name: "git at work", events: [0], git: { $0 < 900 ? .locked(age: .milliseconds($0)) : .idle }, closes: 900),
        Case(
            name: "git at work for long, with a file now and then",
            events: Array(stride(from: 0, to: 30_000, by: 1500)),
            git: { $0 < 30_000 ? .locked(age: .milliseconds($0)) : .idle }, closes: 30_000),
        Case(
            name: "git that never ends", events: Array(stride(from: 0, to: 70_000, by: 500)),
            git: { .locked(age: .milliseconds($0)) }, isDespiteLock: true, closes: 60_000),
        Case(
            name: "a young lock without a change", events: [0], git: { .locked(age: .milliseconds($0)) },
            isDespiteLock: true, closes: 10_001),
        Case(
            name: "a lock that was left behind", events: [0], git: { .locked(age: .milliseconds(3_600_000 + $0)) },
            isDespiteLock: true, closes: 2000),
        Case(
            name: "the steps of a rebase", events: [0, 300, 600],
            git: { .betweenSteps(since: .milliseconds($0 % 300)) },
            closes: 60_000),
        Case(
            name: "a rebase that waits for the user", events: [0], git: { .betweenSteps(since: .milliseconds($0)) },
            closes: 500),
        Case(
            name: "a save while a rebase waits for the user", events: [0],
            git: { .betweenSteps(since: .milliseconds(9000 + $0)) }, closes: 10),
    ]

    /// Plays a case against a clock of whole milliseconds, asking only when the rule said so.
    @Test(arguments: cases) func closes(_ this: Case) {
        let start = ContinuousClock.now
        func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }
        var rule = SettleRule(this.times)
        var events = this.events[...]
        var now = 0
        var isDespiteLock = false
        while now < 70_000 {
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
            condition.git = this.git(now)
            let closing = rule.closing(condition, at: at(now))
            isDespiteLock = closing == .closesDespiteLock
            // Git is looked at every 20 ms; here each millisecond.
            guard case .held(let again) = closing else { break }
            #expect(again > at(now))
            now += 1
        }
        #expect(now == this.closes)
        #expect(isDespiteLock == this.isDespiteLock)
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
