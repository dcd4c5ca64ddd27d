// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoopEngine

/// The build queue: what supersedes what (design D14).
@Suite(.timeLimit(.minutes(1)))
struct PackageStateTests {
    private static func work(_ products: Set<String>, _ files: Set<String>) -> BuildWork {
        BuildWork(package: "/p", products: products, changedFiles: files)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var running: (products: Set<String>, files: Set<String>)?
        var added: (products: Set<String>, files: Set<String>)
        var supersedes: Bool
        var waits: (products: Set<String>, files: Set<String>)
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "nothing runs", running: nil, added: (["web"], ["a"]), supersedes: false, waits: (["web"], ["a"])),
        Case(
            name: "the same product changed again", running: (["web"], ["a"]), added: (["web"], ["b"]),
            supersedes: true, waits: (["web"], ["a", "b"])),
        Case(
            name: "another product", running: (["web"], ["a"]), added: (["worker"], ["b"]), supersedes: false,
            waits: (["worker"], ["b"])),
        Case(
            name: "one of two", running: (["web", "worker"], ["a"]), added: (["worker"], ["b"]), supersedes: true,
            waits: (["web", "worker"], ["a", "b"])),
        // A wish without a change does not make the running build worthless.
        Case(
            name: "no file changed", running: (["web"], ["a"]), added: (["web"], []), supersedes: false,
            waits: (["web"], [])),
    ]

    @Test(arguments: cases) func mergesAndSupersedes(_ item: Case) throws {
        var state = PackageState()
        if let running = item.running {
            _ = state.add(Self.work(running.products, running.files), saves: [1])
            #expect(state.next() != nil)
        }
        #expect(state.add(Self.work(item.added.products, item.added.files), saves: [2]) == item.supersedes)
        let waits = try #require(state.pending)
        #expect(waits.products == item.waits.products)
        #expect(waits.changedFiles == item.waits.files)
        #expect(state.pendingSaves == (item.supersedes ? [1, 2] : [2]))
    }

    @Test func oneBuildAtATime() {
        var state = PackageState()
        #expect(state.next() == nil)
        _ = state.add(Self.work(["a"], ["1"]), saves: [1])
        _ = state.add(Self.work(["b"], ["2"]), saves: [2])
        let first = state.next()
        #expect(first?.products == ["a", "b"])
        #expect(first?.changedFiles == ["1", "2"])
        #expect(state.runningSaves == [1, 2])
        #expect(state.pending == nil)
        _ = state.add(Self.work(["c"], ["3"]), saves: [3])
        #expect(state.next() == nil)
        state.running = nil
        #expect(state.next()?.products == ["c"])
    }

    @Test func aSaveCountsFromTheFilesOwnTime() {
        let closed = ContinuousClock.now
        var record = SaveRecord(
            id: 1,
            changes: FileChanges(paths: ["/a"], watch: 4, settle: .milliseconds(20), closed: closed))
        record.note("build", 1000)
        record.note("send", 5)
        record.note("build", 700)
        #expect(
            record.stages.map { "\($0.name) \($0.milliseconds)" } == ["watch 4", "settle 20", "build 1700", "send 5"])
        #expect(record.total(at: closed + .milliseconds(1800)) == 1824)
    }

    /// Exact durations and how they are told.
    static let durations: [(Duration, Int)] = [
        (.zero, 0), (.microseconds(499), 0), (.microseconds(500), 1), (.milliseconds(1), 1), (.seconds(61), 61_000),
        (.nanoseconds(1_499_999), 1),
    ]

    @Test(arguments: durations) func durationsAreRounded(_ duration: Duration, _ wanted: Int) {
        #expect(duration.milliseconds == wanted)
    }
}
