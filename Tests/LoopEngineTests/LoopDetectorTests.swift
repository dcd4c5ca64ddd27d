// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoopEngine

@Suite struct LoopDetectorTests {
    private let start = ContinuousClock.now
    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    private func write(_ milliseconds: Int, _ paths: String...) -> LoopDetector.Write {
        .init(paths: Set(paths), earliest: at(milliseconds - 3), latest: at(milliseconds))
    }

    /// Runs work once for a save from outside, then as often as a write in each run asks for it.
    /// - Parameter offsets: of each write after the start of its run, in milliseconds.
    private func play(
        _ offsets: [Int], duration: Int = 1000, files: (Int) -> String = { _ in "/p/out" }
    ) -> (runs: Int, last: LoopDetector.Verdict) {
        var detector = LoopDetector()
        let work = LoopDetector.Work.image("web")
        var verdict = detector.asked(work, because: write(0, "/p/a"))
        var now = 10
        var runs = 0
        for (index, offset) in offsets.enumerated() where verdict == .goes {
            detector.began(work, at: at(now))
            runs += 1
            verdict = detector.asked(work, because: write(now + offset, files(index)))
            detector.ended(work, at: at(now + duration))
            now += duration + 10
        }
        return (runs, verdict)
    }

    private func loop(_ rounds: Int, _ file: String = "/p/out") -> LoopDetector.Verdict {
        .stops(.init(file: file, writers: [.image("web")], rounds: rounds))
    }

    @Test func theSameFileAtTheSameTimeIsALoop() {
        let result = play([300, 310, 290, 600, 320, 300, 300])
        #expect(result.runs == 5)
        #expect(result.last == loop(5))
    }

    @Test func inALongBuildTheTimesMayDifferByATenth() {
        #expect(play([60_000, 62_000, 58_000, 61_000, 59_000], duration: 90_000).last == loop(5))
        #expect(play([60_000, 70_000, 58_000, 61_000, 59_000], duration: 90_000).last == .goes)
    }

    @Test func aPersonWhoSavesDuringEachBuildIsNone() {
        let offsets = [4000, 900, 7500, 2500, 5200, 300, 9100, 6000]
        #expect(play(offsets, duration: 10_000) { _ in "/p/main.swift" }.last == .goes)
    }

    @Test func aPersonWhoEditsOneFileAfterTheOtherIsNone() {
        #expect(play(Array(repeating: 300, count: 8)) { "/p/\($0)/main.swift" }.last == .goes)
        #expect(play(Array(repeating: 300, count: 8)) { "/p/file-\($0)" }.last == .goes)
    }

    @Test func afterTwentyRoundsItIsOneWhoeverDoesIt() {
        let offsets = (0..<30).map { 200 + $0 * 3137 % 9000 }
        let result = play(offsets, duration: 10_000)
        #expect(result.runs == 20)
        #expect(result.last == loop(20))
        #expect(play(Array(repeating: 300, count: 30)) { "/p/log-\($0)" }.last == loop(20, "/p/log-19"))
    }

    @Test func whatIsWrittenBetweenRunsIsFromOutside() {
        var detector = LoopDetector()
        let work = LoopDetector.Work.resource("gen")
        for round in 0..<10 {
            let now = round * 1000
            detector.began(work, at: at(now))
            detector.ended(work, at: at(now + 100))
            // Noticed after the end, and written after it.
            #expect(detector.asked(work, because: write(now + 200, "/p/out")) == .goes)
        }
    }

    @Test func whatIsNoticedAfterTheEndAndWrittenBeforeItIsItsOwn() {
        var detector = LoopDetector()
        let work = LoopDetector.Work.resource("gen")
        var verdicts: [LoopDetector.Verdict] = []
        for round in 0..<5 {
            let now = round * 1000
            detector.began(work, at: at(now))
            detector.ended(work, at: at(now + 100))
            verdicts.append(
                detector.asked(
                    work, because: .init(paths: ["/p/out"], earliest: at(now + 99), latest: at(now + 180))))
        }
        #expect(
            verdicts == [.goes, .goes, .goes, .goes]
                + [.stops(.init(file: "/p/out", writers: [work], rounds: 5))])
    }

    @Test func aSaveOfSomethingElseGoesOnAfterAStop() {
        var detector = LoopDetector()
        let work = LoopDetector.Work.resource("gen")
        for round in 0..<5 {
            detector.began(work, at: at(round * 1000))
            _ = detector.asked(work, because: write(round * 1000 + 100, "/p/out"))
        }
        // The last run is still under way.
        #expect(detector.asked(work, because: write(4200, "/p/out")) == .isStopped)
        #expect(detector.asked(work, because: write(4300, "/p/out", "/p/other")) == .goes)
        detector.began(work, at: at(5000))
        #expect(detector.asked(work, because: write(5100, "/p/out")) == .goes)
    }

    @Test func aSaveOfTheSameFileGoesOnWhenNothingRuns() {
        var detector = LoopDetector()
        let work = LoopDetector.Work.resource("gen")
        for round in 0..<5 {
            detector.began(work, at: at(round * 1000))
            _ = detector.asked(work, because: write(round * 1000 + 100, "/p/out"))
            detector.ended(work, at: at(round * 1000 + 500))
        }
        #expect(detector.asked(work, because: write(9000, "/p/out")) == .goes)
    }

    @Test func aPersonsSaveAmongTheRoundsOrBesideOtherWorkIsNoPartOfTheLoop() {
        var detector = LoopDetector()
        let (work, other) = (LoopDetector.Work.resource("gen"), LoopDetector.Work.resource("other"))
        for round in 0..<5 {
            detector.began(work, at: at(round * 1000))
            // Once a person saves at the same moment.
            let paths: Set<String> = round == 1 ? ["/p/out", "/p/in"] : ["/p/out"]
            let now = round * 1000 + 100
            _ = detector.asked(work, because: .init(paths: paths, earliest: at(now - 3), latest: at(now)))
            if round < 4 { detector.ended(work, at: at(round * 1000 + 500)) }
        }
        #expect(detector.asked(work, because: write(4200, "/p/out")) == .isStopped)
        #expect(detector.asked(work, because: write(4300, "/p/in")) == .goes)

        // Other work is under way, which has nothing to do with it.
        for round in 10..<15 {
            detector.began(work, at: at(round * 1000))
            _ = detector.asked(work, because: write(round * 1000 + 100, "/p/out"))
            detector.ended(work, at: at(round * 1000 + 500))
        }
        detector.began(other, at: at(16_000))
        #expect(detector.asked(work, because: write(16_100, "/p/out")) == .goes)
    }

    @Test func aTriggerGoesOn() {
        var detector = LoopDetector()
        let work = LoopDetector.Work.resource("gen")
        for round in 0..<4 {
            detector.began(work, at: at(round * 1000))
            #expect(detector.asked(work, because: write(round * 1000 + 100, "/p/out")) == .goes)
        }
        detector.forget(work)
        detector.began(work, at: at(4000))
        #expect(detector.asked(work, because: write(4100, "/p/out")) == .goes)
    }

    @Test func workThatStartsOtherWorkIsNone() {
        var detector = LoopDetector()
        let (generate, build) = (LoopDetector.Work.resource("gen"), LoopDetector.Work.package("/p"))
        for round in 0..<30 {
            let now = round * 1000
            #expect(detector.asked(generate, because: write(now, "/p/api.proto")) == .goes)
            detector.began(generate, at: at(now + 10))
            #expect(detector.asked(build, because: write(now + 100, "/p/api.swift")) == .goes)
            detector.ended(generate, at: at(now + 110))
            detector.began(build, at: at(now + 120))
            detector.ended(build, at: at(now + 500))
        }
    }

    @Test func twoThatStartEachOtherAreOne() {
        var detector = LoopDetector()
        let (left, right) = (LoopDetector.Work.resource("a"), LoopDetector.Work.resource("b"))
        var verdict = detector.asked(left, because: write(0, "/p/save"))
        var rounds = 0
        for round in 0..<20 where verdict == .goes {
            rounds += 1
            let now = 10 + round * 1000
            detector.began(left, at: at(now))
            verdict = detector.asked(right, because: write(now + 100, "/p/for-b"))
            detector.ended(left, at: at(now + 110))
            guard verdict == .goes else { break }
            detector.began(right, at: at(now + 500))
            verdict = detector.asked(left, because: write(now + 600, "/p/for-a"))
            detector.ended(right, at: at(now + 610))
        }
        #expect(rounds == 5)
        #expect(verdict == .stops(.init(file: "/p/for-a", writers: [right], rounds: 5)))
    }
}
