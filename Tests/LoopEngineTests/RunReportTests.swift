// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing

@testable import LoopEngine

/// Reports of one-shot commands, made from events alone.
@Suite(.timeLimit(.minutes(1)))
struct RunReportTests {
    /// Events a second apart.
    private static func report(_ events: [(EventKind, String?, JSONObject)]) -> RunReport {
        var report = RunReport()
        for (index, (kind, resource, fields)) in events.enumerated() {
            report.apply(
                Event(
                    sequence: index + 1, time: WallTime(milliseconds: 1_700_000_000_000 + Int64(index) * 1000),
                    kind: kind, save: nil, resource: resource, fields: fields))
        }
        return report
    }

    private static let start: [(EventKind, String?, JSONObject)] = [
        (.sessionStarted, nil, ["command": "ci", "version": "1.2.3"]),
        (.planLoaded, nil, ["resources": ["web", "worker"]]),
        (.clusterConnected, nil, ["context": "minikube", "namespace": "shop", "server": "v1.20.2"]),
        (.resourceChanged, "web", ["state": "building"]), (.resourceChanged, "worker", ["state": "building"]),
        (.buildFinished, nil, ["result": "succeeded", "duration": 1710]),
        (.resourceChanged, "web", ["state": "deploying", "reason": "image"]),
        (.imagePacked, "web", ["image": "shop/web:devloop-1", "duration": 100, "size": 5000, "digest": "sha256:ab"]),
        (.imageDelivered, "web", ["image": "shop/web:devloop-1", "duration": 60, "sent": 300, "way": "containerd"]),
        (.objectApplied, "web", ["object": "deployment/web", "result": "created"]),
        (.resourceChanged, "web", ["state": "starting", "reason": "no Pod yet"]),
        (.podChanged, "web", ["pod": "web-1", "phase": "Running", "restarts": 0]),
        (.logWritten, "web", ["pod": "web-1", "container": "main", "text": "hello"]),
        (.resourceChanged, "web", ["state": "ready"]),
    ]

    private static let crash: [(EventKind, String?, JSONObject)] = [
        (.resourceChanged, "worker", ["state": "deploying", "reason": "apply"]),
        (.objectApplied, "worker", ["object": "deployment/worker", "result": "configured"]),
        (.resourceChanged, "worker", ["state": "starting", "reason": "no Pod yet"]),
        (.logWritten, "worker", ["pod": "worker-1", "container": "main", "text": "a\u{1B}[31mred\u{1B}[0m <&> \u{7}"]),
        (
            .podChanged, "worker",
            [
                "pod": "worker-1", "phase": "CrashLoopBackOff", "restarts": 1, "container": "main", "exit_code": 3,
                "reason": "CrashLoopBackOff", "message": "main ended with exit code 3",
            ]
        ),
        (
            .resourceChanged, "worker",
            ["state": "crashing", "reason": "worker-1: main ended with exit code 3", "hint": "its last lines say why"]
        ),
        (.sessionEnded, nil, ["exit": 1, "reason": "worker: worker-1: main ended\nmain | a"]),
    ]

    private typealias Step = RunReport.Step

    @Test func tellsEachStepOfEachResource() throws {
        let report = Self.report(Self.start + Self.crash)
        let web = try #require(report.resources.first)
        #expect(web.name == "web" && web.state == "ready")
        #expect(
            web.steps == [
                Step(name: .build, result: .passed, duration: 1710),
                Step(name: .image, result: .passed, duration: 160),
                Step(name: .apply, result: .passed, duration: 4000),
                Step(name: .ready, result: .passed, duration: 3000),
            ])
        #expect(
            web.images == [
                RunReport.Image(
                    reference: "shop/web:devloop-1", digest: "sha256:ab", size: 5000, way: "containerd", sent: 300)
            ])
        #expect(web.log == ["web-1/main | hello"])
        let worker = try #require(report.resources.last)
        #expect(
            worker.steps == [
                Step(name: .build, result: .passed, duration: 1710),
                Step(name: .apply, result: .passed, duration: 2000),
                Step(
                    name: .ready, result: .failed, duration: 4000, message: "worker-1: main ended with exit code 3",
                    hint: "its last lines say why", code: "CrashLoopBackOff"),
            ])
        #expect(
            worker.pods == [
                RunReport.Pod(
                    name: "worker-1", phase: "CrashLoopBackOff", restarts: 1, container: "main", exitCode: 3,
                    code: "CrashLoopBackOff")
            ])
    }

    @Test func junitHasACaseForEachStepAndNoControlCharacters() {
        let text = Self.report(Self.start + Self.crash).junit
        #expect(text.contains("tests=\"7\" failures=\"1\" errors=\"0\""))
        #expect(text.contains("<testcase classname=\"web\" name=\"build\" time=\"1.710\"/>"))
        #expect(text.contains("<failure type=\"CrashLoopBackOff\" message=\"worker-1: main ended with exit code 3\">"))
        #expect(text.contains("hint: its last lines say why</failure>"))
        #expect(text.contains("<system-out>worker-1/main | ared &lt;&amp;&gt; </system-out>"))
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F })
    }

    @Test func jsonHasTimesDigestsAndVerdicts() throws {
        let json = Self.report(Self.start + Self.crash).json
        #expect(json["command"] == "ci" && json["exit"] == 1 && json["context"] == "minikube")
        let worker = try #require(json["resources"]?.array?.last)
        #expect(worker["state"] == "crashing")
        #expect(worker["steps"]?.array?.last?["code"] == "CrashLoopBackOff")
        #expect(worker["pods"]?.array?.first?["exit_code"] == 3)
        #expect(worker["log"] == ["worker-1/main | ared <&> "])
        #expect(json["resources"]?.array?.first?["images"]?.array?.first?["digest"] == "sha256:ab")
        #expect(try JSONValue(parsing: json.jsonText) == json)
    }

    /// What ended before anything was done for a resource.
    @Test(
        arguments: [
            (.planFailed, ["message": "no such function", "hint": "mend it"], "plan"),
            (.clusterFailed, ["code": "cluster-unreachable", "message": "refused"], "cluster-unreachable"),
        ] as [(EventKind, JSONObject, String)])
    func troubleIsACaseOfItsOwn(_ kind: EventKind, _ fields: JSONObject, _ code: String) {
        let report = Self.report([
            (.sessionStarted, nil, ["command": "ci"]), (kind, nil, fields), (.sessionEnded, nil, ["exit": 3]),
        ])
        #expect(report.junit.contains("<testcase classname=\"devloop\" name=\"\(code)\""))
        #expect(report.junit.contains("errors=\"1\""))
        #expect(report.json.at("trouble", "code")?.string == code)
    }

    @Test func whatWasNotComeToIsSkipped() throws {
        let report = Self.report(Array(Self.start.prefix(5)) + [(.sessionEnded, nil, ["exit": 130])])
        #expect(report.resources.map { $0.steps.map(\.result) } == [[.skipped], [.skipped]])
        #expect(report.junit.contains("skipped=\"2\""))
    }

    @Test func failedStepsNameTheirCause() {
        let report = Self.report(
            Array(Self.start.prefix(5)) + [
                (
                    .buildDiagnosed, nil,
                    ["severity": "error", "file": "a.swift", "line": 3, "message": "no such member"]
                ), (.buildFinished, nil, ["result": "failed", "duration": 500]),
                (.imageFailed, "web", ["message": "no space", "hint": "free some"]),
                (.objectFailed, "worker", ["object": "service/x", "message": "port 99999"]),
                (.sessionEnded, nil, ["exit": 1]),
            ])
        #expect(report.resources[0].steps.map(\.result) == [.failed, .failed])
        #expect(report.resources[0].log == ["a.swift:3: error: no such member"])
        #expect(report.resources[1].steps.last?.message == "service/x: port 99999")
    }

    /// A resource that writes for hours keeps its last lines.
    @Test func logsAreBounded() throws {
        var events = Array(Self.start.prefix(2))
        for number in 1...2000 {
            events.append((.logWritten, "web", ["pod": "p", "container": "c", "text": .string("line \(number)")]))
        }
        let web = try #require(Self.report(events).resources.first)
        #expect(web.log.count <= 600 && web.log.last == "p/c | line 2000")
        #expect(web.droppedLines + web.log.count == 2000)
    }
}
