// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SwiftBuilder

@Suite struct FreshnessGuardTests {
    private static let second = 1_000_000_000

    /// Nanoseconds at so many tenths of a second; one is added, since whole seconds mean a coarse file system.
    private static func at(_ tenths: Int) -> Int { tenths * 100_000_000 + 1 }

    private static func stamp(_ modified: Int, changed: Int? = nil) -> FileStamp {
        FileStamp(size: 1, modified: modified, changed: changed ?? modified, inode: 1)
    }

    /// An object, modules that it sees, and whether the compiler could miss one of them; in tenths of a second.
    @Test(arguments: [
        (103, [107], true), (103, [99, 107], true), (103, [101], false), (103, [111], false), (103, [], false),
        (103, [103], false),
    ])
    func olderThanAModuleWithinASecondIsLagging(object: Int, modules: [Int], want: Bool) {
        #expect(FreshnessGuard.isLagging(Self.at(object), behind: modules.map(Self.at)) == want)
    }

    /// A guard whose last build succeeded from 10.2 to 11.4.
    private static var built: FreshnessGuard {
        var freshness = FreshnessGuard()
        freshness.open(at: at(102))
        freshness.succeeded(from: at(102), at: at(114), compiled: [:], missed: [])
        return freshness
    }

    struct Case: Sendable {
        var why: String
        var stamp: FileStamp
        var isTold: Bool
        var isExpected: Bool
        var isRemoved: Bool
    }

    @Test(arguments: [
        Case(why: "untouched", stamp: stamp(at(50)), isTold: false, isExpected: false, isRemoved: true),
        Case(
            why: "saved in the second of the start, before it: the build saw it", stamp: stamp(at(101)),
            isTold: false, isExpected: false, isRemoved: true),
        Case(why: "saved during the build", stamp: stamp(at(105)), isTold: false, isExpected: true, isRemoved: true),
        Case(
            why: "saved in the second of the end", stamp: stamp(at(119)), isTold: true, isExpected: true,
            isRemoved: true),
        Case(
            why: "saved later: the compiler sees it", stamp: stamp(at(120)), isTold: true, isExpected: true,
            isRemoved: false),
        Case(why: "saved later, not told", stamp: stamp(at(130)), isTold: false, isExpected: true, isRemoved: false),
        Case(
            why: "moved into place with an old time", stamp: stamp(at(50), changed: at(130)), isTold: false,
            isExpected: true, isRemoved: true),
        Case(
            why: "told, though its time is old", stamp: stamp(at(50)), isTold: true, isExpected: true,
            isRemoved: true),
        Case(why: "whole seconds", stamp: stamp(10 * second), isTold: false, isExpected: true, isRemoved: true),
    ])
    func judges(_ one: Case) {
        var freshness = Self.built
        if one.isTold { freshness.pending = ["/a.swift"] }
        #expect(freshness.expected(["/a.swift": one.stamp]) == (one.isExpected ? ["/a.swift"] : []), "\(one.why)")
        #expect(freshness.needsRemoval(one.stamp) == one.isRemoved, "\(one.why)")
    }

    @Test func nothingIsRemovedInANewScratchFolder() {
        var freshness = FreshnessGuard()
        #expect(freshness.expected(["/a": Self.stamp(Self.at(5))]).isEmpty)
        freshness.pending = ["/a"]
        #expect(freshness.expected(["/a": Self.stamp(Self.at(5))]) == ["/a"])
        #expect(!freshness.needsRemoval(Self.stamp(Self.at(5))))
    }

    @Test func whatWasCompiledIsNotExpectedAgain() {
        var freshness = Self.built
        let stamp = Self.stamp(Self.at(119))
        freshness.pending = ["/a", "/b"]
        freshness.open(at: Self.at(120))
        freshness.succeeded(from: Self.at(120), at: Self.at(130), compiled: ["/a": stamp], missed: ["/b"])
        #expect(freshness.pending == ["/b"], "a file that was missed stays due")
        #expect(freshness.expected(["/a": stamp, "/b": stamp]) == ["/b"])
        #expect(freshness.expected(["/a": Self.stamp(Self.at(125))]) == ["/a"], "saved while it was compiled")
    }

    @Test func failedBuildsCoverOnlyWhatTheyCompiled() {
        var freshness = Self.built
        let good = Self.stamp(Self.at(130))
        let bad = Self.stamp(Self.at(131))
        freshness.pending = ["/good", "/bad"]
        freshness.open(at: Self.at(132))
        #expect(freshness.needsRemoval(good), "while a build runs, or was killed, nothing is sure")
        freshness.failed(at: Self.at(138), compiled: ["/good": good])
        #expect(freshness.pending == ["/bad"])
        #expect(freshness.expected(["/good": good, "/bad": bad]) == ["/bad"])
        // A session that begins now knows no pending files, but since when they may have changed.
        var next = FreshnessGuard()
        next.window = freshness.window
        #expect(next.expected(["/bad": bad, "/old": Self.stamp(Self.at(50))]) == ["/bad"])
    }

    @Test(arguments: ["12 34\n", "12 -\n"])
    func windowIsKeptInAFile(_ text: String) {
        #expect(FreshnessGuard.Window(text: text)?.text == text)
    }

    @Test(arguments: ["", "12", "x 34", "12 x", "1 2 3"])
    func otherTextsAreNoWindow(_ text: String) { #expect(FreshnessGuard.Window(text: text) == nil) }
}
