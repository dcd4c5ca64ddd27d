// SPDX-License-Identifier: Apache-2.0

import DashboardTUI
import LogStore

/// What the session that does not exist looks like.
enum DemoContent {
    /// 24 November 2026, 13:02:07 UTC.
    static let start: Int64 = 1_795_525_327_000

    static func snapshot(_ options: DemoOptions, logs: LogStore) -> DashboardSnapshot {
        DashboardSnapshot(
            sessionStart: start, context: "minikube", namespace: "delinkcious", specFile: "Devloopfile",
            sessionState: options.hasBanner ? "spec broken" : "sync ok",
            banner: options.hasBanner
                ? [
                    "Devloopfile:14:3: docker_build: unexpected keyword argument \"imagee\"",
                    "hint: did you mean \"image\"?",
                ] : [],
            services: services(options.services), events: events, logs: logs)
    }

    private static func services(_ count: Int) -> [ServiceRow] {
        let known = [
            ServiceRow(
                name: "user-manager", state: .failed, build: "FAIL 2 errors", deploy: "stale", pod: "Running",
                lastUpdate: start + 4_000,
                stages: [
                    PipelineStage(name: "watch", state: .good, milliseconds: 4, note: "2 files"),
                    PipelineStage(name: "settle", state: .good, milliseconds: 10),
                    PipelineStage(name: "build", state: .failed, milliseconds: 3810, note: "2 errors"),
                    PipelineStage(name: "send", state: .idle, note: "skipped: build failed"),
                ],
                diagnostics: [
                    DiagnosticRow(
                        file: "Sources/UserManager/Session.swift", line: 41, column: 17,
                        message: "cannot find 'tok' in scope"),
                    DiagnosticRow(
                        file: "Sources/UserManager/Store.swift", line: 9, column: 5,
                        message: "missing return in instance method expected to return 'User'"),
                ], endpoints: ["http://localhost:7070"]),
            ServiceRow(
                name: "link-manager", state: .working, build: "61% 4.2s", deploy: "stale", pod: "Running",
                lastUpdate: start + 12_000,
                stages: [
                    PipelineStage(name: "watch", state: .good, milliseconds: 2, note: "1 file"),
                    PipelineStage(name: "settle", state: .good, milliseconds: 10),
                    PipelineStage(name: "build", state: .working, note: "61%"),
                ], endpoints: ["http://localhost:8080"]),
            ServiceRow(
                name: "api-gateway", state: .good, build: "ok 1.9s", deploy: "synced", pod: "Running",
                lastUpdate: start - 9_000,
                stages: [
                    PipelineStage(name: "watch", state: .good, milliseconds: 2, note: "1 file"),
                    PipelineStage(name: "settle", state: .good, milliseconds: 10),
                    PipelineStage(name: "build", state: .good, milliseconds: 1710),
                    PipelineStage(name: "link", state: .good, milliseconds: 140),
                    PipelineStage(name: "send", state: .good, milliseconds: 6, note: "117 KB"),
                    PipelineStage(name: "restart", state: .good, milliseconds: 21),
                    PipelineStage(name: "ready", state: .good, milliseconds: 9, note: "total 1.90 s"),
                ], endpoints: ["http://localhost:9090", "https://localhost:9443/admin"]),
            ServiceRow(
                name: "social-graph-mgr", state: .good, build: "ok 2.4s", deploy: "image", pod: "Running",
                restarts: 1, lastUpdate: start - 244_000),
            ServiceRow(
                name: "news-manager", state: .crashLoop, build: "ok 3.0s", deploy: "image", pod: "CrashLoop",
                restarts: 6, lastUpdate: start - 267_000, restartBlocked: "no Pod that runs"),
        ]
        let more = (known.count..<max(known.count, count)).map { index in
            ServiceRow(name: "worker-\(index)", state: .idle, pod: "none", restartBlocked: "no Pod yet")
        }
        return Array((known + more).prefix(count))
    }

    private static var events: [EventRow] {
        let table: [(Int64, LogLevel, String, String)] = [
            (-300_000, .unknown, "session", "started, 6 resources"),
            (-267_000, .warning, "pod", "BackOff restarting container news (exit 1)"),
            (-244_000, .info, "social-graph-mgr", "image delivered in 0.03 s"),
            (-9_000, .info, "api-gateway", "save 3 served in 1.90 s"),
            (2_000, .unknown, "watch", "2 files changed: Session.swift, Store.swift"),
            (4_000, .error, "build", "Sources/UserManager/Session.swift:41:17 cannot find 'tok' in scope"),
        ]
        return table.enumerated().map { index, event in
            EventRow(
                sequence: index + 1, time: start + event.0, level: event.1, source: event.2, text: event.3)
        }
    }

    /// A few lines as services write them, then as many as a flood asks for.
    static func fill(_ store: LogStore, flood: Int) {
        let lines: [(String, Int64, String)] = [
            ("user-manager", 113, "info: listening on :7070"),
            ("api-gateway", 118, "info: upstream user-manager is http://user-manager:7070"),
            ("user-manager", 120, "info: store=postgres://user-db:5432 pool=8"),
            ("news-manager", 300, "\u{1B}[31mFatal error\u{1B}[0m: NATS at nats:4222 refused the connection"),
            ("user-manager", 1_002, "warning: slow query 212ms select * from users where name=$1"),
            ("link-manager", 1_400, "info: GET /links 200 4ms"),
            ("user-manager", 1_410, "info: GET /users/me 200 3ms"),
            ("link-manager", 2_000, "info: title \u{65E5}\u{672C}\u{8A9E} caf\u{E9} saved"),
            ("user-manager", 3_015, "error: decode failed: keyNotFound(\"token\")"),
            ("user-manager", 3_016, "info: POST /users/login 500 1ms"),
            ("api-gateway", 3_020, "warning: upstream user-manager answered 500"),
            ("social-graph-mgr", 3_300, "debug: followers of gigi: 3"),
            ("user-manager", 5_004, "warning: token cache miss ratio 0.41"),
        ]
        for (source, time, text) in lines { store.append(Array(text.utf8), source: source, time: start + time) }
        for number in 0..<flood { append(store, number) }
        if flood > 0 {
            store.append(Array("info: last line of the flood".utf8), source: "api-gateway", time: start + 60_000)
        }
    }

    /// One line of the flood: four sources, about 120 bytes, 2 % with colours, 1 % with wide characters.
    static func append(_ store: LogStore, _ number: Int) {
        let source = ["user-manager", "link-manager", "api-gateway", "social-graph-mgr"][number % 4]
        var text = "info: request \(number) GET /links?user=gigi&page=\(number % 37) 200 in \(number % 90) ms"
        if number % 50 == 0 { text = "\u{1B}[33mwarning\u{1B}[0m: \(text)" }
        if number % 100 == 1 { text += " \u{5BBF}\u{6CCA}" }
        text += " trace=4bf92f3577b34da6a3ce929d0e0e4736"
        store.append(Array(text.utf8), source: source, time: start + Int64(number / 100))
    }
}
