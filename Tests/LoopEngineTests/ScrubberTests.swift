// SPDX-License-Identifier: Apache-2.0

import LoopEngine
import Testing

/// Secrets in the lines of logs.
struct ScrubberTests {
    struct Case: Sendable {
        var secrets: [String]
        var line: String
        /// With `#0` for the first secret.
        var want: String
    }

    static let cases = [
        Case(secrets: [], line: "hunter22", want: "hunter22"),
        Case(secrets: ["hunter22"], line: "", want: ""),
        Case(secrets: ["hunter22"], line: "hunter2", want: "hunter2"),
        Case(secrets: ["hunter22"], line: "hunter22", want: "#0"),
        Case(secrets: ["hunter22"], line: "a hunter22hunter22 b", want: "a #0#0 b"),
        // The beginning of one that does not go on hides none.
        Case(secrets: ["hhunter"], line: "hhhunter hhunte hhunter", want: "h#0 hhunte #0"),
        Case(secrets: ["aaaa"], line: "aaaaaaaaa", want: "#0#0a"),
        Case(secrets: ["long secret", "secret"], line: "a long secret, a secret", want: "a #0, a #1"),
        Case(secrets: ["grüße 世界"], line: "x grüße 世界\u{0}y", want: "x #0\u{0}y"),
    ]

    @Test(arguments: cases) func eachSecretIsReplaced(_ test: Case) {
        let scrubber = Scrubber()
        scrubber.replace(
            with: test.secrets.enumerated().map { number, secret in
                Scrubber.Secret(value: Array(secret.utf8), replacement: Array("#\(number)".utf8))
            })
        #expect(String(decoding: scrubber.scrub(Array(test.line.utf8)), as: UTF8.self) == test.want)
    }
}
