// SPDX-License-Identifier: Apache-2.0

import LogStore
import Testing

struct RedactorTests {
    private func redactor(_ secrets: [String]) -> Redactor { Redactor(secrets.map { Array($0.utf8) }) }

    @Test(arguments: [
        (["hunter2"], "login gigi hunter2 ok hunter2", "login gigi [redacted] ok [redacted]"),
        (["pass", "password1"], "password1 pass", "[redacted] [redacted]"),
        (["abc"], "abc is too short to be a secret", "abc is too short to be a secret"),
        (["first line\nsecond line\n"], "x second line y", "x [redacted] y"),
        ([], "nothing", "nothing"),
        (["secret"], "secretsecret", "[redacted][redacted]"),
        (["p\u{E4}ssw\u{F6}rd"], "p\u{E4}ssw\u{F6}rd!", "[redacted]!"),
    ])
    func replaces(_ secrets: [String], _ text: String, _ want: String) {
        #expect(redactor(secrets).redact(text) == want)
    }

    @Test func scrubsAtAppend() {
        let store = LogStore()
        store.setSecrets([Array("s3cr3t-token".utf8)])
        store.append(Array("token=s3cr3t-token".utf8), source: "a", time: 0)
        #expect(store.lines(.all, limit: 1).map(\.text) == ["token=[redacted]"])
    }

    /// Wherever a long line is cut, the secret must not get through in two halves.
    @Test func scrubsASecretAtTheCutOfALongLine() {
        let secret = "s3cr3t-token-of-some-length"
        for before in [16_384 - 13, 16_384 - 26, 16_384 - 1, 16_384] {
            let store = LogStore()
            store.setSecrets([Array(secret.utf8)])
            let writer = store.writer("a", stream: .standardOutput)
            let line = String(repeating: "x", count: before) + secret + String(repeating: "y", count: 40)
            let bytes = Array(line.utf8)
            writer.write(bytes.prefix(before + 13), time: 0)
            writer.write(bytes.dropFirst(before + 13) + [0x0A], time: 0)
            let text = store.lines(.all, limit: 9).map(\.text).joined()
            let want = String(repeating: "x", count: before) + "[redacted]" + String(repeating: "y", count: 40)
            #expect(text == want, "cut after \(before) bytes")
        }
    }
}
