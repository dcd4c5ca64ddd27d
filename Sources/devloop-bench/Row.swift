// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// A row of the table: what is measured, what it should be, and what others take.
struct Row: Sendable {
    let id: String
    let title: String
    let unit: String
    /// What is aimed at, as a limit for the median, an upper one unless ``isMore``; nil for figures that only explain others.
    var goal: Double?
    /// Whether the goal is the least that is aimed at, not the most.
    var isMore = false
    /// What is aimed at as an upper limit for the 95th percentile, beside the goal.
    var goal95: Double?
    /// What nothing excuses.
    var floor: Double?
    /// What the peers take for the same work on such a machine.
    var peers = ""

    static let all: [Row] = [
        Row(
            id: "static", title: "static file: save → served by the Pod", unit: "ms", goal: 30, goal95: 60,
            floor: 100, peers: "Tilt 297, Skaffold 1,153"),
        Row(
            id: "file-30", title: "30 MB file, 16 bytes changed: save → served", unit: "ms", goal: 200,
            peers: "Tilt 587"),
        Row(
            id: "file-90", title: "90 MB file, 16 bytes changed: save → served", unit: "ms", goal: 500, floor: 900,
            peers: "Tilt 1,103"),
        Row(
            id: "restart-0", title: "1 KB file, 16 bytes changed, program restarted: save → new process serves",
            unit: "ms", goal: 70, floor: 150, peers: "Tilt 392"),
        Row(id: "restart-30", title: "the same with a 30 MB file", unit: "ms", goal: 200),
        Row(id: "restart-90", title: "the same with a 90 MB file", unit: "ms", goal: 500, floor: 900),
        Row(id: "fleet-one", title: "small file to one container: save → said to be served, and true", unit: "ms"),
        Row(id: "fleet-many", title: "the same to 20 containers", unit: "ms"),
        Row(id: "fleet-ratio", title: "20 containers / one", unit: "×", goal: 2),
        Row(
            id: "fleet-ping-one", title: "nothing but a ping to one agent through an exec stream, and back", unit: "ms"),
        Row(id: "fleet-ping", title: "the same to 20 agents at once", unit: "ms"),
        Row(
            id: "checkout",
            title: "5,000 files changed by `git checkout` → verified in three containers, and served by them",
            unit: "ms", goal: 3_000),
        Row(
            id: "checkout-memory", title: "the same, work tree and the containers' folder in memory", unit: "ms",
            goal: 3_000),
        Row(id: "checkout-git", title: "the same `git checkout` on disk, nobody watches", unit: "ms"),
        Row(
            id: "checkout-disk", title: "nothing but writing and renaming as many files three times on that disk",
            unit: "ms"),
        Row(id: "tiny-edit", title: "one-line edit of a small program → new process serves", unit: "ms"),
        Row(id: "tiny-build", title: "the same edit, `swift build` alone", unit: "ms"),
        Row(
            id: "tiny-over", title: "small program: edit less `swift build`", unit: "ms", goal: 70, floor: 150,
            peers: "Tilt 392 for a 1 KB program, nothing to compile"),
        Row(
            id: "link-edit", title: "one-line edit of a Hummingbird service → new process serves", unit: "ms",
            peers: "Tilt 3,351"),
        Row(id: "link-build", title: "the same edit, `swift build` alone", unit: "ms", peers: "2,000 on that day"),
        Row(
            id: "link-over", title: "Hummingbird service: edit less `swift build`", unit: "ms", goal: 300, floor: 300,
            peers: "Tilt 1,351"),
        Row(
            id: "local-edit", title: "local mode: one-line edit of a Hummingbird service → new process serves",
            unit: "ms"),
        Row(id: "local-rest", title: "the same, less what building and linking took", unit: "ms", goal: 60),
        Row(
            id: "local-first",
            title: "local mode: first `devloop up --local` of six services, nothing built → all ready",
            unit: "s"),
        Row(id: "five-service", title: "five Hummingbird services, one-line edit of one: save → artifact", unit: "ms"),
        Row(id: "five-service-plain", title: "the same edit, plain `swift build`", unit: "ms"),
        Row(
            id: "five-service-ratio", title: "edit of one of five services / plain `swift build`", unit: "×", goal: 0.6),
        Row(
            id: "five-shared", title: "body edit in the library of five services: save → five artifacts", unit: "ms"),
        Row(id: "five-shared-plain", title: "the same edit, plain `swift build`", unit: "ms"),
        Row(
            id: "five-shared-ratio", title: "edit of the library of five services / plain `swift build`", unit: "×",
            goal: 0.6),
        Row(id: "five-nothing", title: "save without a change: told → built", unit: "ms", goal: 10),
        Row(id: "five-nothing-compiles", title: "save without a change: files compiled", unit: "files", goal: 0),
        Row(
            id: "five-containerd", title: "artifact of one of five services → image on the node, containerd",
            unit: "ms",
            goal: 60),
        Row(
            id: "five-registry", title: "artifact of one of five services → image in the registry", unit: "ms", goal: 60
        ),
        Row(
            id: "five-first", title: "first image of a service, the node has others of its kind: linked → on the node",
            unit: "ms", goal: 300),
        Row(
            id: "image", title: "image path, nothing to compile: save → new Pod serves", unit: "ms", goal: 1_700,
            peers: "Tilt 2,076"),
        Row(
            id: "crash", title: "crash-looping Pod → `devloop ci` fails with the cause", unit: "s", goal: 15, floor: 20,
            peers: "Tilt 60"),
        Row(
            id: "plan", title: "`devloop plan --json`, process start included", unit: "ms", goal: 30,
            peers: "Tilt 160 to 460"),
        Row(id: "plan-memory", title: "`devloop plan --json`, peak memory", unit: "MB", goal: 25, peers: "Tilt 88"),
        Row(
            id: "up-memory", title: "`devloop up`, one service, idle: resident memory", unit: "MB", goal: 60,
            floor: 100, peers: "Tilt 153"),
        Row(
            id: "up-cpu", title: "`devloop up`, one service, idle: processor time", unit: "% of a core", goal: 0.1,
            peers: "Tilt 0.15"),
        Row(id: "agent-memory", title: "agent in the Pod, idle: resident memory", unit: "MB"),
        Row(id: "size", title: "`devloop` on disk, stripped", unit: "MB", goal: 60, peers: "Tilt 177, Skaffold 204"),
        Row(id: "size-all", title: "the same with Swift's libraries that it loads", unit: "MB", goal: 60),
        Row(id: "size-agent", title: "`devloop-agent` on disk", unit: "MB"),
        Row(
            id: "logs", title: "log lines from an API server on loopback → log store and files", unit: "lines/s",
            goal: 100_000, isMore: true),
        Row(id: "logs-memory", title: "the same: peak memory of the process, the server in it", unit: "MB"),
        Row(
            id: "starlark", title: "Starlark: time as a multiple of CPython's, geometric mean of 17 benchmarks",
            unit: "×", goal: 2, peers: "starlark-go 2.7"),
        Row(id: "watch-start", title: "50,000 files in 5,000 folders: until they are watched", unit: "ms"),
        Row(id: "watch-cpu", title: "the same, idle: processor time", unit: "% of a core", goal: 0.1),
        Row(id: "starlark-parse", title: "Starlark: parsing", unit: "ms per MB", goal: 100),
    ]

    static func named(_ id: String) -> Row {
        all.first { $0.id == id } ?? Row(id: id, title: id, unit: "")
    }
}

/// What was measured for a row.
struct RowResult: Sendable {
    var row: Row
    var spread: Spread
    /// Medians of devloop's own stages, in their order.
    var profile: [(stage: String, median: Double)] = []
    var notes: [String] = []

    init(_ id: String, _ values: [Double], profile: [(stage: String, median: Double)] = [], notes: [String] = []) {
        row = .named(id)
        spread = Spread(values)
        self.profile = profile
        self.notes = notes
    }

    /// In a word; empty for rows without a goal.
    var verdict: String {
        guard let goal = row.goal else { return "" }
        let isTailMet = row.goal95.map { spread.p95 <= $0 } ?? true
        if isTailMet, row.isMore ? spread.median >= goal : spread.median <= goal { return "met" }
        guard let floor = row.floor else { return "missed" }
        return spread.median <= floor ? "within floor" : "missed"
    }

    var json: JSONValue {
        var json: JSONValue = [
            "id": .string(row.id), "title": .string(row.title), "unit": .string(row.unit),
        ]
        if let goal = row.goal { json["goal"] = .double(goal) }
        if let goal = row.goal95 { json["goal95"] = .double(goal) }
        if let floor = row.floor { json["floor"] = .double(floor) }
        if !row.peers.isEmpty { json["peers"] = .string(row.peers) }
        if !verdict.isEmpty { json["verdict"] = .string(verdict) }
        json["measured"] = spread.json
        if !profile.isEmpty {
            json["profile"] = .object(JSONObject(profile.map { ($0.stage, .double($0.median)) }))
        }
        if !notes.isEmpty { json["notes"] = .array(notes.map { .string($0) }) }
        return json
    }
}
