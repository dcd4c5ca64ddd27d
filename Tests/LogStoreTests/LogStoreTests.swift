// SPDX-License-Identifier: Apache-2.0

import LogStore
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LogStoreTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func store(_ lines: [(String, String)], budget: Int = LogStore.defaultBudget) -> LogStore {
        let store = LogStore(budget: budget)
        for (index, line) in lines.enumerated() {
            store.append(bytes(line.1), source: line.0, time: Int64(index))
        }
        return store
    }

    @Test func mergesSourcesInOrderOfArrival() {
        let store = store([("a", "1"), ("b", "2"), ("a", "3"), ("c", "4"), ("b", "5")])
        #expect(store.lines(.all, limit: 10).map(\.text) == ["1", "2", "3", "4", "5"])
        #expect(store.lines(.all, limit: 3).map(\.text) == ["3", "4", "5"])
        #expect(store.lines(.all, through: 4, limit: 2).map(\.text) == ["3", "4"])
        #expect(store.lines(.all, after: 2, limit: 2).map(\.text) == ["3", "4"])
        #expect(store.lines(.source("b"), limit: 10).map(\.text) == ["2", "5"])
        #expect(store.lines(.source("nobody"), limit: 10).isEmpty)
        #expect(store.count(.all, after: 3) == 2)
        #expect(store.count(.source("a"), after: 1) == 1)
        #expect(store.lines(.all, sequences: [2, 4]).map(\.source.name) == ["b", "c"])
    }

    @Test func splitsBytesIntoLines() {
        let store = LogStore()
        store.append(bytes("one\ntwo\r\n\nlast"), source: "a", time: 5)
        #expect(store.lines(.all, limit: 9).map(\.text) == ["one", "two", "", "last"])
        store.append([], source: "a", time: 6)
        #expect(store.counts(.all).written == 4)
    }

    /// Pieces as a stream delivers them, and the lines that have to come out.
    @Test(arguments: [
        (["hello ", "world\nnext"], ["hello world", "next"]),
        (["a", "", "\n", "\n", "b\n"], ["a", "", "b"]),
        (["caf", "\u{E9}\n"], ["caf\u{E9}"]),
        (["x\r", "\n"], ["x"]),
    ])
    func joinsPieces(_ pieces: [String], _ lines: [String]) {
        let store = LogStore()
        let writer = store.writer("a", stream: .standardOutput)
        for piece in pieces { writer.write(bytes(piece), time: 1) }
        writer.finish(time: 2)
        #expect(store.lines(.all, limit: 100).map(\.text) == lines)
    }

    @Test func splitsALongLineAndLosesNothing() {
        let long = String(repeating: "0123456789", count: 5_000)
        let whole = LogStore()
        whole.append(bytes(long), source: "a", time: 1)
        let pieces = LogStore()
        let writer = pieces.writer("a", stream: .standardError)
        for start in stride(from: 0, to: long.count, by: 1_000) {
            writer.write(bytes(long).dropFirst(start).prefix(1_000), time: 1)
        }
        writer.write(bytes("\nnext\n"), time: 1)
        for (store, after) in [(whole, 0), (pieces, 1)] {
            let lines = store.lines(.all, limit: 100).dropLast(after)
            #expect(lines.map(\.text).joined() == long)
            #expect(lines.map(\.isContinuation) == [false] + Array(repeating: true, count: lines.count - 1))
            #expect(lines.allSatisfy { $0.bytes.count <= LogStore.longestLine })
        }
        #expect(pieces.lines(.all, limit: 1).map(\.text) == ["next"])
        #expect(pieces.lines(.all, limit: 1).map(\.isContinuation) == [false])
    }

    @Test func noisySourceCannotEvictOthers() {
        let store = LogStore(budget: 1024 * 1024)
        store.append(bytes("the only line of the quiet one"), source: "quiet", time: 1)
        let text = bytes(String(repeating: "x", count: 100))
        for number in 0..<50_000 { store.append(text, source: "noisy", time: Int64(number)) }
        #expect(store.lines(.source("quiet"), limit: 5).map(\.text) == ["the only line of the quiet one"])
        let counts = store.counts(.source("noisy"))
        #expect(counts.written == 50_000)
        #expect(counts.evicted > 0)
        #expect(counts.live == store.lines(.source("noisy"), after: 0, limit: .max).count)
        #expect(store.memoryInUse <= store.budget)
    }

    @Test func aPausedViewStaysWhereItIs() {
        let store = LogStore(budget: 512 * 1024)
        for number in 0..<100 { store.append(bytes("line \(number)"), source: "a", time: 0) }
        let page = store.lines(.all, through: 60, limit: 10).map(\.text)
        for number in 100..<2_000 { store.append(bytes("line \(number)"), source: "a", time: 0) }
        #expect(store.lines(.all, through: 60, limit: 10).map(\.text) == page)
    }

    @Test func memoryOfALineIsItsTextAndItsRecord() {
        let store = LogStore()
        let text = bytes(String(repeating: "x", count: 120))
        for _ in 0..<100_000 { store.append(text, source: "a", time: 0) }
        let each = Double(store.memoryInUse) / Double(store.counts(.all).live)
        #expect(each >= 144)
        #expect(each < 170, "120 bytes of text and 24 of record take \(each)")
    }

    @Test func findsErrorsAround() {
        let store = store([("a", "info: 1"), ("b", "error: 2"), ("a", "warn: 3"), ("a", "error: 4"), ("b", "ok")])
        #expect(store.nearest(.error, .all, from: 6, older: true) == 4)
        #expect(store.nearest(.error, .all, from: 4, older: true) == 2)
        #expect(store.nearest(.error, .all, from: 2, older: true) == nil)
        #expect(store.nearest(.error, .all, from: 2, older: false) == 4)
        #expect(store.nearest(.error, .source("b"), from: 6, older: true) == 2)
    }

    @Test func tellsTheObserverOnEachAppend() {
        let store = LogStore()
        let calls = Mutex(0)
        store.setObserver { calls.withLock { $0 += 1 } }
        store.append(bytes("x"), source: "a", time: 1)
        store.append(bytes("y\nz"), source: "a", time: 1)
        #expect(calls.withLock { $0 } == 2)
    }

    @Test func takesLinesFromManyThreads() async {
        let store = LogStore()
        await withTaskGroup(of: Void.self) { group in
            for source in 0..<8 {
                group.addTask {
                    for number in 0..<500 { store.append(Array("\(number)".utf8), source: "s\(source)", time: 0) }
                }
            }
        }
        #expect(store.counts(.all).written == 4_000)
        for source in 0..<8 {
            #expect(store.lines(.source("s\(source)"), limit: 500).map(\.text) == (0..<500).map(String.init))
        }
        let sequences = store.lines(.all, limit: 4_000).map(\.sequence)
        #expect(sequences == sequences.sorted())
        #expect(Set(sequences).count == 4_000)
    }
}
