// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Glibc
import Testing

@testable import DevloopLive

@Suite struct SyncLinkTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var target: String
        var wanted: String
        var testDescription: String { target }
    }

    static let cases = [
        Case(target: "page", wanted: "carried"), Case(target: "deep", wanted: "carried"),
        Case(target: "./deep/../page", wanted: "carried"), Case(target: ".", wanted: "carried"),
        Case(target: "/etc/passwd", wanted: "it holds an absolute path"),
        Case(target: "../outside", wanted: "it leads out of what is synced"),
        Case(target: "deep/up/../outside", wanted: "it leads out of what is synced"),
        Case(target: "nowhere", wanted: "it leads nowhere"), Case(target: "link", wanted: "it leads to itself"),
        Case(target: "loop-a", wanted: "it leads to itself"),
    ]

    @Test("S18 what becomes of a link", arguments: cases)
    func decides(_ row: Case) throws {
        let folder = try TemporaryDirectory("links")
        try folder.write("outside", "x")
        try folder.write("root/page", "x")
        try folder.write("root/deep/page", "x")
        symlink("..", folder("root/deep/up"))
        symlink("loop-b", folder("root/loop-a"))
        symlink("loop-a", folder("root/loop-b"))
        symlink(row.target, folder("root/link"))
        switch SyncLink(folder("root/link"), inside: folder("root")) {
        case .carried(let target):
            #expect(row.wanted == "carried")
            #expect(target == Array(row.target.utf8))
        case .refused(let reason): #expect(reason == row.wanted)
        case nil: Issue.record("it is a link")
        }
        #expect(SyncLink(folder("root/page"), inside: folder("root")) == nil)
    }
}
