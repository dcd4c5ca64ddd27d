// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing

@testable import KubeClient

@Suite struct LogTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"),
        ("2026-11-24T13:50:00.123456789Z", 1_795_528_200, 123_456_789, "2026-11-24T13:50:00Z"),
        ("2026-11-24T14:50:00.5+01:00", 1_795_528_200, 500_000_000, "2026-11-24T13:50:00Z"),
        ("2024-02-29T23:59:59.000000001-00:30", 1_709_252_999, 1, "2024-03-01T00:29:59Z"),
        ("2000-03-01T00:00:00Z", 951_868_800, 0, "2000-03-01T00:00:00Z"),
        ("1969-12-31T23:59:59Z", -1, 0, "1969-12-31T23:59:59Z"),
    ])
    func readsTimes(_ text: String, _ seconds: Int, _ nanoseconds: Int, _ second: String) {
        let time = LogTimestamp(text)
        #expect(time == LogTimestamp(seconds: seconds, nanoseconds: nanoseconds))
        #expect(time?.secondText == second)
    }

    @Test(arguments: [
        "", "2026-11-24", "2026-11-24 13:50:00Z", "2026-13-24T13:50:00Z", "2026-11-24T13:50:00",
        "2026-11-24T13:50:00.Z",
        "2026-11-24T13:50:00+0100", "2026-11-24T25:50:00Z", "x026-11-24T13:50:00Z", "2026-11-24T13:50:00Zx",
    ])
    func refusesOtherTimes(_ text: String) { #expect(LogTimestamp(text) == nil) }

    @Test func splitsStampAndText() {
        let line = LogLine(stamped: Array("2026-11-24T13:50:00Z a b".utf8))
        #expect(line.text == Array("a b".utf8))
        #expect(line.time != nil)
        #expect(LogLine(stamped: Array("no stamp here".utf8)) == LogLine(time: nil, text: Array("no stamp here".utf8)))
        #expect(LogLine(stamped: Array("2026-11-24T13:50:00Z ".utf8)).text == [])
    }

    @Test(arguments: [
        ("unable to retrieve container logs for containerd://40cc7896", true),
        // The same words from the container itself carry a stamp.
        ("2026-11-24T13:50:00Z unable to retrieve container logs for x", false), ("no stamp here", false),
    ])
    func theKubeletsExcuseIsNoLog(_ text: String, isApology: Bool) {
        #expect(LogLine(stamped: Array(text.utf8)).isApology == isApology)
    }

    private static func line(_ second: Int, _ fraction: Int, _ text: String) -> LogLine {
        LogLine(time: LogTimestamp(seconds: second, nanoseconds: fraction), text: Array(text.utf8))
    }

    struct ResumeCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var before: [LogLine]
        /// What the server sends after reopening.
        var again: [LogLine]
        var want: [String]

        static let all: [ResumeCase] = [
            ResumeCase(
                testDescription: "cut inside a second", before: [line(1, 0, "a"), line(2, 1, "b"), line(2, 2, "c")],
                again: [line(2, 1, "b"), line(2, 2, "c"), line(2, 3, "d"), line(3, 0, "e")], want: ["d", "e"]),
            ResumeCase(
                testDescription: "equal lines with equal stamps count",
                before: [line(2, 1, "x"), line(2, 1, "x")],
                again: [line(2, 1, "x"), line(2, 1, "x"), line(2, 1, "x")], want: ["x"]),
            ResumeCase(
                testDescription: "stamps out of order are neither lost nor repeated",
                before: [line(2, 5, "out"), line(2, 4, "err")],
                again: [line(2, 5, "out"), line(2, 4, "err"), line(2, 4, "late"), line(2, 6, "next")],
                want: ["late", "next"]),
            ResumeCase(
                testDescription: "what was not asked for stays away", before: [line(2, 5, "first of the tail")],
                again: [line(2, 1, "older"), line(2, 5, "first of the tail"), line(2, 6, "new")], want: ["new"]),
            ResumeCase(testDescription: "nothing before", before: [], again: [line(1, 0, "a")], want: ["a"]),
        ]
    }

    @Test(arguments: ResumeCase.all) func resumesWithoutGapOrRepeat(_ test: ResumeCase) {
        var resume = LogResume()
        for line in test.before {
            let isNew = resume.accept(line)
            #expect(isNew)
        }
        #expect(resume.reopenAt?.seconds == test.before.last?.time?.seconds)
        // Twice: the second break comes before anything new.
        for _ in 0..<2 {
            resume.reopen()
            for line in test.before where line.time?.seconds == resume.reopenAt?.seconds {
                let isNew = resume.accept(line)
                #expect(!isNew)
            }
        }
        resume.reopen()
        let got = test.again.filter { resume.accept($0) }.map { String(decoding: $0.text, as: UTF8.self) }
        #expect(got == test.want)
    }

    /// A hundred thousand lines in one second, two writers whose stamps are out of order: still exact.
    @Test func resumesInTheMiddleOfAFlood() {
        var resume = LogResume()
        let flood = (0..<100_000).map { Self.line(2, $0 ^ 1, "\($0)") }
        for line in flood { if !resume.accept(line) { Issue.record("a new line was left out") } }
        resume.reopen()
        var got = (flood + [Self.line(2, 5, "late"), Self.line(3, 0, "next")]).filter { resume.accept($0) }
        #expect(got.map { String(decoding: $0.text, as: UTF8.self) } == ["late", "next"])
        // A server that does not know where to begin sends all of it again.
        resume.reopen()
        got = (flood + [Self.line(3, 0, "next"), Self.line(3, 1, "last")]).filter { resume.accept($0) }
        #expect(got.map { String(decoding: $0.text, as: UTF8.self) } == ["last"])
    }

    @Test func cutsLines() {
        var lines = LineBuffer(maximumLine: 5)
        lines.append(Array("ab\n\ncd".utf8))
        #expect(lines.next() == Array("ab".utf8))
        #expect(lines.next() == [])
        #expect(lines.next() == nil)
        lines.append(Array("ef\nlonger than five".utf8))
        #expect(lines.next() == Array("cdef".utf8))
        #expect(lines.next() == Array("longer than five".utf8))
        #expect(lines.next() == nil)
        lines.append(Array("x".utf8))
        #expect(lines.rest() == Array("x".utf8))
        #expect(lines.rest() == nil)
    }

    @Test(arguments: [
        ("{\"status\":\"Success\"}", ExecStatus.exited(0)),
        (
            "{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[{\"reason\":\"ExitCode\",\"message\":\"42\"}]}}",
            .exited(42)
        ),
        ("{\"status\":\"Failure\",\"message\":\"no such container\"}", .failed("no such container")),
        ("plain words", .failed("plain words")),
    ])
    func readsExecStatus(_ text: String, _ want: ExecStatus) {
        #expect(ExecSession.status(Array(text.utf8)) == want)
    }

    @Test func fillsOnlyMissingProtocols() throws {
        func check(_ input: String, _ want: String) throws {
            #expect(PortDefaults.filled(try JSONValue(parsing: input)) == (try JSONValue(parsing: want)))
        }
        try check(
            #"{"kind":"Service","spec":{"ports":[{"port":1},{"port":2,"protocol":"UDP"}]}}"#,
            #"{"kind":"Service","spec":{"ports":[{"port":1,"protocol":"TCP"},{"port":2,"protocol":"UDP"}]}}"#)
        try check(
            #"{"kind":"Deployment","spec":{"template":{"spec":{"containers":[{"ports":[{"containerPort":1}]},{}]}}}}"#,
            #"{"kind":"Deployment","spec":{"template":{"spec":{"containers":[{"ports":[{"containerPort":1,"protocol":"TCP"}]},{}]}}}}"#
        )
        try check(
            #"{"kind":"Pod","spec":{"initContainers":[{"ports":[{"containerPort":1}]}]}}"#,
            #"{"kind":"Pod","spec":{"initContainers":[{"ports":[{"containerPort":1,"protocol":"TCP"}]}]}}"#)
        for same in [
            #"{"kind":"Service"}"#, #"{"kind":"Service","spec":{"ports":"odd"}}"#, #"{"kind":"Pod","spec":[]}"#,
            #"{"kind":"Other","spec":{"ports":[{"port":1}]}}"#,
        ] {
            try check(same, same)
        }
    }
}
