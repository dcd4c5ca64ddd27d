// SPDX-License-Identifier: Apache-2.0

import ProcessRunner
import Testing

@Suite struct LineSplitterTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var chunks: [String]
        var lines: [String]
        var rest: String?
        var testDescription: String { "\(chunks)" }
    }

    static let cases = [
        Case(chunks: ["a\nb\n"], lines: ["a", "b"], rest: nil),
        Case(chunks: ["a", "b\nc"], lines: ["ab"], rest: "c"),
        Case(chunks: ["a\r\nb\r", "\nc\n"], lines: ["a", "b", "c"], rest: nil),
        Case(chunks: ["10%\r20%\rdone\n"], lines: ["10%", "20%", "done"], rest: nil),
        Case(chunks: ["\n\n"], lines: ["", ""], rest: nil),
        Case(chunks: ["a\r\r\nb"], lines: ["a", ""], rest: "b"),
        Case(chunks: [], lines: [], rest: nil),
        Case(chunks: ["0123456789", "0123456789x"], lines: ["0123456789012345"], rest: "6789x"),
    ]

    @Test(arguments: cases) func splits(_ this: Case) {
        var splitter = LineSplitter(limit: 16)
        let lines = this.chunks.flatMap { splitter.add(Array($0.utf8)) }
        #expect(lines.map { String(decoding: $0, as: UTF8.self) } == this.lines)
        #expect(splitter.finish().map { String(decoding: $0, as: UTF8.self) } == this.rest)
        #expect(splitter.finish() == nil)
    }
}
