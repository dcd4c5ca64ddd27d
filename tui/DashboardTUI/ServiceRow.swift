// SPDX-License-Identifier: Apache-2.0

/// The state of a resource in one word; a letter first, a colour second.
package enum ServiceState: String, Sendable, CaseIterable {
    case good, working, failed, crashLoop, idle

    /// The letter before the name.
    package var letter: String {
        switch self {
        case .good: "+"
        case .working: "~"
        case .failed: "x"
        case .crashLoop: "!"
        case .idle: "."
        }
    }
}

/// One resource as the dashboard shows it; all texts are ready to show.
package struct ServiceRow: Sendable {
    package var name: String
    package var state: ServiceState
    /// `61% 4.2s`, `ok 1.9s`, `FAIL 2 errors`.
    package var build: String
    /// `synced`, `image`, `stale`, or why it waits.
    package var deploy: String
    /// The Pod's state in a word: `Running`, `CrashLoop`.
    package var pod: String
    /// Restarts that the kubelet counted.
    package var restarts: Int
    /// When anything here changed last, in milliseconds since 1970, UTC; nil for never.
    package var lastUpdate: Int64?
    /// What the last save went through, in order.
    package var stages: [PipelineStage]
    /// Compiler errors and warnings of the last build.
    package var diagnostics: [DiagnosticRow]
    /// Where the resource can be reached: `http://localhost:8080`.
    package var endpoints: [String]
    /// Why `t` can do nothing now; nil when it can.
    package var triggerBlocked: String?
    /// Why `r` can do nothing now, such as `no Pod yet`; nil when it can.
    package var restartBlocked: String?

    package init(
        name: String, state: ServiceState, build: String = "", deploy: String = "", pod: String = "",
        restarts: Int = 0, lastUpdate: Int64? = nil, stages: [PipelineStage] = [],
        diagnostics: [DiagnosticRow] = [], endpoints: [String] = [], triggerBlocked: String? = nil,
        restartBlocked: String? = nil
    ) {
        self.name = name
        self.state = state
        self.build = build
        self.deploy = deploy
        self.pod = pod
        self.restarts = restarts
        self.lastUpdate = lastUpdate
        self.stages = stages
        self.diagnostics = diagnostics
        self.endpoints = endpoints
        self.triggerBlocked = triggerBlocked
        self.restartBlocked = restartBlocked
    }
}

/// One step of the path of a save: watch, settle, build, link, send, restart, ready.
package struct PipelineStage: Sendable {
    package var name: String
    package var state: ServiceState
    /// How long it took; nil while it runs, or when it was skipped.
    package var milliseconds: Int?
    /// `2 files`, `skipped: build failed`.
    package var note: String

    package init(name: String, state: ServiceState, milliseconds: Int? = nil, note: String = "") {
        self.name = name
        self.state = state
        self.milliseconds = milliseconds
        self.note = note
    }
}

/// A compiler's message with its place.
package struct DiagnosticRow: Sendable {
    package var isError: Bool
    package var file: String
    package var line: Int
    package var column: Int
    package var message: String

    package init(isError: Bool = true, file: String, line: Int, column: Int, message: String) {
        self.isError = isError
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// `Session.swift:41:17`, with the file's last component only.
    var place: String {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        return "\(name):\(line):\(column)"
    }
}
