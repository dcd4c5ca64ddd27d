// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Testing

/// Events in words, and the model that every screen reads.
@Suite(.timeLimit(.minutes(1)))
struct EventTextTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var kind: EventKind
        var fields: JSONObject = [:]
        /// Level, source and text; nil for events that are not told.
        var line: String?
        var save: Int?
        var testDescription: String { "\(kind.name): \(line ?? "nothing")" }
    }

    static let cases: [Case] = [
        Case(kind: .sessionStarted),
        Case(kind: .planLoaded, fields: ["resources": ["a", "b"]], line: "I web: plan: a, b"),
        Case(
            kind: .planLoaded, fields: ["resources": ["a"], "warnings": ["odd"]], line: "W web: plan: a; odd"),
        Case(
            kind: .planFailed,
            fields: ["file": "Devloopfile", "line": 3, "column": 9, "message": "undefined: x", "hint": "mend it"],
            line: "E web: Devloopfile:3:9: undefined: x (hint: mend it)"),
        Case(
            kind: .clusterConnected,
            fields: ["context": "kind", "namespace": "shop", "server": "v1.30", "delivery": "a socket"],
            line: "I web: cluster kind, namespace shop, Kubernetes v1.30; images: a socket"),
        Case(
            kind: .clusterFailed, fields: ["message": "refused", "waiting": "tried again in 500 ms"],
            line: "E web: refused; waiting: tried again in 500 ms"),
        Case(kind: .fileChanged, fields: ["files": ["a", "b"]], line: ". web: save 4: a, b", save: 4),
        Case(kind: .decisionMade, fields: ["action": "sync", "reason": "why"], line: ". web: sync: why"),
        Case(kind: .resourceHeld, fields: ["reason": "waits for x"], line: "W web: held: waits for x"),
        Case(kind: .buildProgressed, fields: ["done": 1, "of": 2]),
        Case(
            kind: .buildDiagnosed,
            fields: ["severity": "error", "file": "a.swift", "line": 1, "column": 2, "message": "no"],
            line: "E web: a.swift:1:2: error: no"),
        Case(
            kind: .buildDiagnosed,
            fields: ["severity": "warning", "file": "a.swift", "line": 1, "column": 2, "message": "hm"],
            line: "W web: a.swift:1:2: warning: hm"),
        Case(kind: .buildDiagnosed, fields: ["severity": "note"]),
        Case(
            kind: .buildFinished, fields: ["result": "succeeded", "duration": 1710],
            line: "I web: build succeeded in 1.7s"),
        Case(
            kind: .buildFinished, fields: ["result": "failed", "duration": 40, "output": "last words"],
            line: "E web: build failed in 0.0s\nlast words"),
        Case(
            kind: .imageDelivered,
            fields: ["image": "a:1", "way": "delta archive", "sent": 117_000, "duration": 30],
            line: "I web: a:1 delivered by delta archive, 117 KB in 0.0s"),
        Case(kind: .imageFailed, fields: ["message": "no", "hint": "do"], line: "E web: no (hint: do)"),
        Case(
            kind: .objectApplied, fields: ["object": "service/web", "result": "created"],
            line: ". web: service/web created"),
        Case(
            kind: .objectFailed, fields: ["object": "service/web", "message": "no", "file": "a.yaml", "line": 7],
            line: "E web: a.yaml:7: service/web: no"),
        Case(
            kind: .objectApplied, fields: ["object": "job/a", "result": "recreated", "reason": "it changed"],
            line: "W web: job/a recreated: it changed"),
        Case(kind: .objectPruned, fields: ["object": "service/web"], line: "I web: service/web deleted"),
        Case(
            kind: .syncCommitted, fields: ["pod": "web-1", "sent": 16_900_000, "send": 44],
            line: ". web: web-1 has the set: 16.9 MB in 44 ms"),
        Case(
            kind: .syncFailed, fields: ["pod": "web-1", "message": "cut", "next": "again"],
            line: "W web: web-1: cut; next: again"),
        Case(
            kind: .processRestarted, fields: ["pod": "web-1", "restart": 31, "ready": 44],
            line: ". web: web-1 restarted in 31 ms, ready after 44 ms more"),
        Case(kind: .processExited, fields: ["pod": "web-1", "message": "ended"], line: "E web: web-1: ended"),
        Case(kind: .podChanged, fields: ["pod": "web-1", "phase": "Running"], line: ". web: web-1 Running"),
        Case(
            kind: .podChanged, fields: ["pod": "web-1", "phase": "X", "message": "bad", "hint": "do"],
            line: "E web: web-1 bad (hint: do)"),
        Case(
            kind: .forwardOpened, fields: ["address": "localhost:8081", "port": 80, "wanted": 8080],
            line: "I web: http://localhost:8081 leads to port 80 (port 8080 is in use)"),
        Case(
            kind: .forwardFailed, fields: ["address": "localhost:80", "message": "no"], line: "E web: localhost:80: no"),
        Case(kind: .resourceChanged, fields: ["state": "ready"], line: "I web: ready"),
        Case(kind: .resourceChanged, fields: ["state": "building"]),
        Case(
            kind: .resourceChanged, fields: ["state": "crashing", "reason": "r", "hint": "h"],
            line: "E web: crashing: r (hint: h)"),
        Case(
            kind: .saveServed,
            fields: ["way": "sync", "stages": ["watch": 4, "settle": 20, "build": 1710], "total": 1900],
            line: "I web: save 4 served by sync: watch 4 ms, settle 20 ms, build 1.71 s; 1.90 s in all", save: 4),
        Case(kind: .sessionEnded, fields: ["exit": 0, "reason": "done"], line: "I web: ended: done"),
        Case(kind: .sessionEnded, fields: ["exit": 1, "reason": "bad"], line: "E web: ended: bad"),
    ]

    @Test(arguments: cases) func tellsEventsInWords(_ item: Case) {
        let event = Event(
            sequence: 1, time: WallTime(milliseconds: 0), kind: item.kind, save: item.save, resource: "web",
            fields: item.fields)
        let line = EventText.line(event)
        #expect(line.map { "\($0.level) \($0.source): \($0.text)" } == item.line)
    }

    /// Milliseconds, bytes, and their words.
    @Test(arguments: [(0, "0 ms"), (999, "999 ms"), (1000, "1.00 s"), (1710, "1.71 s"), (61_050, "61.05 s")])
    func durationsInWords(_ value: Int, _ text: String) { #expect(EventText.duration(value) == text) }

    @Test(arguments: [(0, "0 B"), (999, "999 B"), (117_400, "117 KB"), (16_900_000, "16.9 MB")])
    func bytesInWords(_ value: Int, _ text: String) { #expect(EventText.bytes(value) == text) }
}

/// The model that dashboard and plain output share.
@Suite(.timeLimit(.minutes(1)))
struct SessionModelTests {
    private static func model(_ events: [(EventKind, String?, JSONObject)]) -> SessionModel {
        var model = SessionModel()
        for (index, (kind, resource, fields)) in events.enumerated() {
            model.apply(
                Event(
                    sequence: index + 1, time: WallTime(milliseconds: Int64(index)), kind: kind, save: nil,
                    resource: resource, fields: fields))
        }
        return model
    }

    private static let loaded: (EventKind, String?, JSONObject) = (.planLoaded, nil, ["resources": ["web", "worker"]])

    @Test func followsABuildToItsEnd() throws {
        var events = [
            Self.loaded, (EventKind.resourceChanged, "web", ["state": "building"] as JSONObject),
            (.buildStarted, "web", [:]), (.buildProgressed, "web", ["done": 61, "of": 100]),
        ]
        var service = try #require(Self.model(events).services.first)
        #expect(service.state == "building")
        #expect(service.build == "61%")
        events.append(
            (.buildDiagnosed, "web", ["severity": "error", "file": "a", "line": 1, "column": 2, "message": "no"]))
        events.append((.buildDiagnosed, "web", ["severity": "warning", "file": "a", "line": 3, "message": "hm"]))
        events.append((.buildFinished, "web", ["result": "failed", "errors": 1, "duration": 10]))
        service = try #require(Self.model(events).services.first)
        #expect(service.build == "FAIL 1 error")
        #expect(service.diagnostics.map(\.message) == ["no"])
        events.append((.buildStarted, "web", [:]))
        events.append((.buildFinished, "web", ["result": "succeeded", "errors": 0, "duration": 1900]))
        service = try #require(Self.model(events).services.first)
        #expect(service.build == "ok 1.9s")
        #expect(service.diagnostics.isEmpty)
    }

    @Test func aBuildForSeveralConcernsEachThatBuilds() {
        let model = Self.model([
            Self.loaded, (.resourceChanged, "web", ["state": "building"]), (.buildStarted, nil, [:]),
            (.buildProgressed, nil, ["done": 1, "of": 4]),
        ])
        #expect(model.services.map(\.build) == ["25%", ""])
    }

    @Test func keepsPodForwardAndTimeline() throws {
        let model = Self.model([
            Self.loaded, (.podChanged, "web", ["pod": "web-1", "phase": "CrashLoopBackOff", "restarts": 3]),
            (.forwardOpened, "web", ["address": "localhost:8080", "port": 80]),
            (.forwardOpened, "web", ["address": "localhost:8080", "port": 80]),
            (.saveServed, "web", ["way": "sync", "stages": ["watch": 2], "total": 9]),
        ])
        let service = try #require(model.services.first)
        #expect(service.pod == "CrashLoopBackOff")
        #expect(service.restarts == 3)
        #expect(service.endpoints == ["localhost:8080"])
        #expect(service.deploy == "synced")
        #expect(service.timeline == "watch 2 ms; 9 ms in all")
    }

    @Test func troubleComesAndGoes() {
        var events: [(EventKind, String?, JSONObject)] = [
            (.planFailed, nil, ["file": "Devloopfile", "line": 2, "message": "no", "hint": "do"])
        ]
        #expect(Self.model(events).trouble == "Devloopfile:2: no")
        #expect(Self.model(events).troubleHint == "do")
        events.append(Self.loaded)
        #expect(Self.model(events).trouble == nil)
        events.append((.clusterFailed, nil, ["message": "refused"]))
        #expect(Self.model(events).trouble == "refused")
        events.append((.clusterConnected, nil, ["context": "kind", "namespace": "shop"]))
        #expect(Self.model(events).trouble == nil)
        #expect(Self.model(events).context == "kind")
    }

    @Test func aNewPlanKeepsWhatStays() {
        let model = Self.model([
            Self.loaded, (.resourceChanged, "worker", ["state": "ready"]),
            (.planLoaded, nil, ["resources": ["worker", "new"]]),
            (.resourceChanged, "web", ["state": "failed"]),
        ])
        #expect(model.services.map(\.name) == ["worker", "new"])
        #expect(model.services.map(\.state) == ["ready", "idle"])
    }

    @Test func onlyTheNewestLinesAreKept() {
        let events = (0..<1200).map {
            (EventKind.resourceHeld, "web" as String?, ["reason": .string("\($0)")] as JSONObject)
        }
        let model = Self.model(events)
        #expect(model.lines.count == 1000)
        #expect(model.droppedLines == 200)
        #expect(model.lines.first?.text == "held: 200")
    }
}
