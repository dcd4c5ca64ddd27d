// SPDX-License-Identifier: Apache-2.0

import LogStore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LogSearchTests {
    private func pattern(_ text: String) throws -> LogPattern { try #require(LogPattern(text)) }

    @Test(arguments: [
        ("error", "an Error here", true), ("Error", "an error here", false), ("Error", "an Error here", true),
        ("a.b", "axb", false), ("\u{E9}t\u{E9}", "l'\u{E9}t\u{E9}", true), ("xx", "x", false), ("x", "", false),
    ])
    func smartCase(_ text: String, _ line: String, _ matches: Bool) throws {
        #expect(try pattern(text).matches(line) == matches)
    }

    @Test func emptyPatternIsNone() { #expect(LogPattern("") == nil) }

    @Test func rangesDoNotOverlap() throws {
        #expect(try pattern("aa").ranges(in: Array("aaaaa".utf8)) == [0..<2, 2..<4])
    }

    @Test(arguments: [1, 7, 100, 100_000])
    func findsOldAndNewInAnySlices(_ slice: Int) throws {
        let store = LogStore()
        func write(_ range: Range<Int>) {
            for number in range { store.append(Array("line \(number)".utf8), source: "s\(number % 3)", time: 0) }
        }
        write(0..<300)
        var search = LogSearch(try pattern("7"), in: .all)
        _ = search.advance(in: store, limit: slice)
        write(300..<400)
        while search.advance(in: store, limit: slice) {}
        let want = (0..<400).filter { String($0).contains("7") }.map { UInt64($0 + 1) }
        #expect(search.reachedOldest)
        #expect(search.count == want.count)
        #expect(search.matches(through: .max, limit: 1_000) == want)
        #expect(search.matches(after: 0, limit: 1_000) == want)
        #expect(search.matches(through: want[20], limit: 3) == Array(want[18...20]))
        #expect(search.match(before: want[5]) == want[4])
        #expect(search.match(after: want[5]) == want[6])
        #expect(search.match(before: want[0]) == nil)
        #expect(search.match(after: want[want.count - 1]) == nil)
        #expect(search.position(of: want[want.count - 1]) == 1)
        #expect(search.position(of: want[0]) == want.count)
        #expect(search.position(of: want[0] + 1) == nil)
    }

    @Test func searchesOneSource() throws {
        let store = LogStore()
        for number in 0..<10 { store.append(Array("x".utf8), source: number % 2 == 0 ? "a" : "b", time: 0) }
        var search = LogSearch(try pattern("x"), in: .source("b"))
        while search.advance(in: store) {}
        #expect(search.matches(through: .max, limit: 100) == [2, 4, 6, 8, 10])
    }
}
