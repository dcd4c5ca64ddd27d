// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Starlark

struct TimeModuleTests {
    /// Expressions over `time`, whose clock stands still, and their text.
    static let expressions = [
        ("str(time.now())", "2021-03-20 01:02:03.5 +0000 UTC"), ("time.now().unix_nano % 10", "0"),
        ("str(time.parse_duration('1h2m3.5s')), str(time.hour * -2)", "(\"1h2m3.5s\", \"-2h0m0s\")"),
        ("str(time.parse_duration('1500us')), str(time.parse_duration('0'))", "(\"1.5ms\", \"0s\")"),
        ("str(time.from_timestamp(0, -1))", "1969-12-31 23:59:59.999999999 +0000 UTC"),
        ("time.time(year=2023, month=14, day=1).month", "2"), ("time.time(year=2024, month=2, day=30).day", "1"),
        ("time.now().format('Mon, 02 Jan 2006 3:04:05 PM')", "Sat, 20 Mar 2021 1:02:03 AM"),
        ("time.parse_time('2021-03-20T01:02:03.25+02:00').unix", "1616194923"),
        ("time.is_valid_timezone('../../etc/passwd')", "False"),
    ]

    @Test(arguments: expressions) func computes(_ expression: String, _ wanted: String) throws {
        let time = Value.object(Starlark.timeModule(now: { (1_616_202_123, 500_000_000) }))
        let run = try Evaluation("result = (\(expression))", predeclared: ["time": time])
        #expect(run.globals["result"]?.str() == wanted)
    }

    @Test(arguments: ["'2021-02-29T00:00:00Z'", "'2021-03-20'", "'x'", "'2021-03-20T25:00:00Z'"])
    func refusesWhatIsNoTime(_ text: String) {
        let failure = Evaluation.failure(
            "time.parse_time(\(text))", predeclared: ["time": .object(Starlark.timeModule())])
        #expect(failure?.contains("parsing time") == true)
    }
}
