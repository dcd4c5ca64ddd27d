// SPDX-License-Identifier: Apache-2.0

import DashboardTUI
import DevloopTestSupport
import LogStore
import TerminalGrid

/// Snapshots that the tests draw.
enum Samples {
    /// 24 November 2026, 14:02:07 UTC.
    static let start: Int64 = 1_795_528_927_000

    /// The moment of the design page: one failed, one building, one in a crash loop.
    static func busy() -> DashboardSnapshot {
        let store = LogStore()
        let lines: [(String, Int64, String)] = [
            ("user-manager", 113, "info: listening on :7070"),
            ("user-manager", 120, "info: store=postgres://user-db:5432 pool=8"),
            ("api-gateway", 1_000, "info: \u{1B}[32mup\u{1B}[0m with caf\u{E9} and \u{65E5}\u{672C}\u{8A9E}"),
            (
                "user-manager", 1_002,
                "warning: slow query 212ms select * from users where name=$1 and a tail that is cut"
            ),
            ("link-manager", 1_300, "\u{1B}[2Jinfo: clears nothing"),
            ("user-manager", 3_015, "error: decode failed: keyNotFound(\"token\")"),
            ("user-manager", 3_016, "info: POST /users/login 500 1ms"),
        ]
        for (source, time, text) in lines { store.append(Array(text.utf8), source: source, time: start + time) }
        return DashboardSnapshot(
            sessionStart: start - 761_000, context: "minikube", namespace: "delinkcious", specFile: "Devloopfile",
            sessionState: "sync ok", services: services, events: events, logs: store)
    }

    /// The first paint: nothing is known yet.
    static func empty() -> DashboardSnapshot {
        DashboardSnapshot(
            sessionStart: start, context: "", namespace: "", specFile: "Devloopfile", sessionState: "loading",
            logs: LogStore())
    }

    /// A spec that does not evaluate, and lost lines.
    static func broken() -> DashboardSnapshot {
        var snapshot = busy()
        snapshot.sessionState = "spec broken"
        snapshot.banner = [
            "Devloopfile:14:3: docker_build: unexpected keyword argument \"imagee\"",
            "hint: did you mean \"image\"?",
        ]
        snapshot.droppedLines = 1_204
        return snapshot
    }

    static let services = [
        ServiceRow(
            name: "user-manager", state: .failed, build: "FAIL 2 errors", deploy: "stale", pod: "Running",
            lastUpdate: start + 4_000,
            stages: [
                PipelineStage(name: "watch", state: .good, milliseconds: 4, note: "2 files"),
                PipelineStage(name: "build", state: .failed, milliseconds: 3_810, note: "2 errors"),
                PipelineStage(name: "send", state: .idle, note: "skipped: build failed"),
            ],
            diagnostics: [
                DiagnosticRow(
                    file: "Sources/UserManager/Session.swift", line: 41, column: 17,
                    message: "cannot find 'tok' in scope"),
                DiagnosticRow(
                    isError: false, file: "Sources/UserManager/Store.swift", line: 9, column: 5,
                    message: "variable 'user' was never used"),
            ], endpoints: ["http://localhost:7070"], restartBlocked: "no Pod yet"),
        ServiceRow(
            name: "link-manager", state: .working, build: "61% 4.2s", deploy: "stale", pod: "Running",
            lastUpdate: start + 12_000),
        ServiceRow(
            name: "api-gateway", state: .good, build: "ok 1.9s", deploy: "synced", pod: "Running",
            lastUpdate: start - 9_000),
        ServiceRow(
            name: "social-graph-manager", state: .good, build: "ok 2.4s", deploy: "image", pod: "Running",
            restarts: 1, lastUpdate: start - 244_000),
        ServiceRow(
            name: "news-manager", state: .crashLoop, build: "ok 3.0s", deploy: "image", pod: "CrashLoop",
            restarts: 6, lastUpdate: start - 267_000),
        ServiceRow(name: "seed", state: .idle, deploy: "waits for user-db"),
    ]

    static let events: [EventRow] = [
        EventRow(sequence: 1, time: start - 300_000, level: .unknown, source: "session", text: "started, 6 resources"),
        EventRow(
            sequence: 2, time: start - 267_000, level: .warning, source: "pod",
            text: "BackOff restarting container news (exit 1)"),
        EventRow(
            sequence: 3, time: start + 2_000, level: .unknown, source: "watch",
            text: "2 files changed: Session.swift, Store.swift"),
        EventRow(
            sequence: 4, time: start + 4_000, level: .error, source: "build",
            text: "Sources/UserManager/Session.swift:41:17 cannot find 'tok' in scope"),
    ]

    /// Anything that an engine might say, from a seed.
    static func random(_ random: inout SeededGenerator) -> DashboardSnapshot {
        let words = [
            "", "api", "\u{65E5}\u{672C}\u{8A9E}-service", "e\u{301}", "\u{1B}[31mred", "a\tb\nc", "\u{202E}evil",
            "very-long-name-that-does-not-fit-anywhere-at-all", "\u{1F469}\u{200D}\u{1F4BB}", "\u{00}\u{07}\u{9B}1m",
        ]
        func word() -> String { words[Int.random(in: 0..<words.count, using: &random)] }
        let store = LogStore()
        for index in 0..<Int.random(in: 0...60, using: &random) {
            let text = (0..<Int.random(in: 0...8, using: &random)).map { _ in word() }.joined(separator: " ")
            store.append(Array(text.utf8), source: word(), time: start + Int64(index))
        }
        let services = (0..<Int.random(in: 0...12, using: &random)).map { index in
            ServiceRow(
                name: "\(word())\(index)", state: ServiceState.allCases[index % 5], build: word(), deploy: word(),
                pod: word(), restarts: Int.random(in: 0...100_000, using: &random),
                stages: [PipelineStage(name: word(), state: .good, milliseconds: 1, note: word())],
                diagnostics: index % 3 == 0
                    ? [DiagnosticRow(file: word(), line: 1, column: 1, message: word())] : [],
                endpoints: [word()])
        }
        let events = (0..<Int.random(in: 0...30, using: &random)).map {
            EventRow(sequence: $0, time: start, level: LogLevel.allCases[$0 % 5], source: word(), text: word())
        }
        return DashboardSnapshot(
            sessionStart: start, utcOffset: -3_600, context: word(), namespace: word(), specFile: word(),
            sessionState: word(), banner: Bool.random(using: &random) ? [word(), word(), word(), word()] : [],
            services: services, events: events, droppedLines: Int.random(in: 0...1, using: &random) * 5, logs: store)
    }

    /// Types a text, key by key.
    static func keys(_ text: String) -> [Key] { text.unicodeScalars.map { .char($0) } }
}
