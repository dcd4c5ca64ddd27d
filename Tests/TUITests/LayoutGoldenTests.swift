// SPDX-License-Identifier: Apache-2.0

import DashboardTUI
import LogStore
import TerminalGrid
import Testing

/// One picture that is kept as a text file.
struct Picture: Sendable, CustomTestStringConvertible {
    var name: String
    var snapshot: @Sendable () -> DashboardSnapshot = Samples.busy
    /// Keys that lead to the picture.
    var keys: [Key] = []

    var testDescription: String { name }

    static let all: [Picture] = [
        Picture(name: "empty", snapshot: Samples.empty),
        Picture(name: "busy"),
        Picture(name: "broken", snapshot: Samples.broken),
        Picture(name: "search", keys: [.char("3"), .char("/")] + Samples.keys("users") + [.enter, .char("n")]),
        Picture(name: "filter", keys: [.char("3"), .char("&")] + Samples.keys("user") + [.enter, .char("t")]),
        Picture(name: "help", keys: [.char("?")]),
        Picture(name: "one-service-zoomed-wrapped", keys: [.enter, .char("w"), .char("f")]),
        Picture(name: "pipeline", keys: [.char("2")]),
        Picture(name: "errors", keys: [.char("5")]),
        Picture(name: "typing", keys: [.char("/")] + Samples.keys("man")),
        Picture(name: "quit", keys: [.char("q")]),
        Picture(name: "blocked", keys: [.char("r")]),
    ]
}

@Suite(.timeLimit(.minutes(1)))
struct LayoutGoldenTests {
    static let sizes = [
        GridSize(width: 80, height: 24), GridSize(width: 120, height: 40), GridSize(width: 60, height: 12),
        GridSize(width: 59, height: 11), GridSize(width: 200, height: 50),
    ]

    @Test(arguments: Picture.all, [0, 1, 2, 3, 4])
    func picture(_ picture: Picture, _ index: Int) {
        let size = Self.sizes[index]
        // The smallest ones and the widest only need the pictures that differ there.
        if index == 3, picture.name != "busy" { return }
        if index == 4, !["busy", "search"].contains(picture.name) { return }
        for (suffix, theme) in [("colour", Theme()), ("ascii", Theme(usesColor: false, isASCII: true))] {
            let dashboard = Dashboard(picture.snapshot(), theme: theme)
            var grid = dashboard.render(size).grid
            for key in picture.keys {
                #expect(dashboard.handle(key).isEmpty)
                grid = dashboard.render(size).grid
            }
            Golden.check(grid, "\(picture.name)-\(size)-\(suffix)")
        }
    }
}
