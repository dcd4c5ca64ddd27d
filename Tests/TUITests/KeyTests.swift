// SPDX-License-Identifier: Apache-2.0

import DashboardTUI
import LogStore
import TerminalGrid
import Testing

@Suite(.timeLimit(.minutes(1)))
struct KeyTests {
    private let size = GridSize(width: 80, height: 24)

    /// Keys, what the session is asked to do, and what the screen must show afterwards.
    struct Script: Sendable, CustomTestStringConvertible {
        var name: String
        var keys: [Key]
        var commands: [DashboardCommand] = []
        var shows: [String] = []
        var hides: [String] = []
        var testDescription: String { name }

        static let all: [Script] = [
            Script(
                name: "trigger", keys: [.char("t")], commands: [.trigger("user-manager")], shows: ["triggered user"]),
            Script(name: "move and trigger", keys: Samples.keys("jjt"), commands: [.trigger("api-gateway")]),
            Script(name: "last row", keys: Samples.keys("Gt"), commands: [.trigger("seed")]),
            Script(name: "first row", keys: Samples.keys("Ggt"), commands: [.trigger("user-manager")]),
            Script(name: "trigger all", keys: Samples.keys("T"), commands: [.triggerAll]),
            Script(name: "restart", keys: Samples.keys("jr"), commands: [.restart("link-manager")]),
            Script(
                name: "restart is blocked", keys: Samples.keys("r"), shows: ["cannot restart user-manager: no Pod yet"]),
            Script(
                name: "button of the session", keys: Samples.keys("6"), commands: [.press(button: "seed")],
                shows: ["started Seed"]),
            Script(name: "button of the service", keys: Samples.keys("j6"), commands: [.press(button: "lint")]),
            Script(name: "the service's come first", keys: Samples.keys("j7"), commands: [.press(button: "seed")]),
            Script(name: "buttons are in the footer", keys: Samples.keys("jk"), shows: ["6 Seed"]),
            Script(name: "no such button", keys: Samples.keys("7"), shows: ["no such button"]),
            Script(name: "t in Logs is times", keys: Samples.keys("3t"), hides: ["14:02:08"]),
            Script(name: "quit asks", keys: Samples.keys("q"), shows: ["end the session?"]),
            Script(name: "quit", keys: Samples.keys("qy"), commands: [.quit]),
            Script(name: "quit not", keys: Samples.keys("qn"), hides: ["end the session?"]),
            Script(name: "q leaves the zoom first", keys: Samples.keys("fq"), shows: ["3 Logs", "4 Events"]),
            Script(name: "interrupt twice", keys: [.control("c"), .control("c")], commands: [.interrupt, .forceQuit]),
            Script(name: "interrupt while typing", keys: Samples.keys("/ab") + [.control("c")], commands: [.interrupt]),
            Script(name: "repaint", keys: [.control("l")], commands: [.repaint]),
            Script(
                name: "logs of a service", keys: [.char("j"), .enter],
                shows: ["> 3 Logs link-manager", "clears nothing"], hides: ["listening on"]),
            Script(name: "all logs again", keys: [.char("j"), .enter, .char("a")], shows: ["3 Logs all services"]),
            Script(name: "l goes to the logs", keys: Samples.keys("l"), shows: ["> 3 Logs user-manager"]),
            Script(name: "tab", keys: [.tab], shows: ["> 3 Logs"]),
            Script(name: "tab twice", keys: [.tab, .tab], shows: ["> 4 Events"]),
            Script(name: "back tab", keys: [.backTab], shows: ["> 4 Events"]),
            Script(name: "scrolling up pauses", keys: Samples.keys("3g"), shows: ["PAUSED"], hides: ["FOLLOW"]),
            Script(name: "G follows", keys: Samples.keys("3gG"), shows: ["FOLLOW"]),
            Script(name: "F pauses", keys: Samples.keys("F"), shows: ["PAUSED"]),
            Script(name: "search", keys: Samples.keys("3/users") + [.enter], shows: ["match 1/2", "slow query"]),
            Script(name: "search older", keys: Samples.keys("3/users") + [.enter, .char("n")], shows: ["match 2/2"]),
            Script(
                name: "no older match", keys: Samples.keys("3/users") + [.enter] + Samples.keys("nn"),
                shows: ["no older match"]),
            Script(name: "newer", keys: Samples.keys("3/users") + [.enter] + Samples.keys("nN"), shows: ["match 1/2"]),
            Script(name: "smart case", keys: Samples.keys("3/POST") + [.enter], shows: ["match 1/1"]),
            Script(name: "no match", keys: Samples.keys("3/Users"), shows: ["/Users"]),
            Script(name: "esc ends the search", keys: Samples.keys("3/users") + [.escape], hides: ["match"]),
            Script(
                name: "filter", keys: Samples.keys("3&listening") + [.enter], shows: ["&listening 1", "listening on"],
                hides: ["slow query"]),
            Script(
                name: "esc drops the filter", keys: Samples.keys("3&listening") + [.enter, .escape],
                shows: ["slow query"]),
            Script(
                name: "rows", keys: Samples.keys("/news") + [.enter], shows: ["Services (1/6)", "news-manager"],
                hides: ["social"]),
            Script(
                name: "rows and trigger", keys: Samples.keys("/news") + [.enter, .char("t")],
                commands: [.trigger("news-manager")]),
            Script(name: "error line", keys: Samples.keys("3{"), shows: [">14:02:10"]),
            Script(name: "help", keys: Samples.keys("?"), shows: ["Keys in Services", "any other key closes"]),
            Script(name: "help closes", keys: Samples.keys("?x"), hides: ["Keys in Services"]),
            Script(name: "no such key", keys: Samples.keys("Z"), shows: ["Z does nothing here"]),
            Script(name: "errors", keys: Samples.keys("5"), shows: ["5 Errors (2)", "cannot find 'tok'"]),
            Script(name: "events scroll", keys: Samples.keys("4j"), shows: ["1 newer"]),
            Script(name: "wide line to the left", keys: Samples.keys("3L"), shows: ["a tail that is cut"]),
            Script(name: "wrap", keys: Samples.keys("3w"), shows: ["a tail that is cut"]),
        ]
    }

    @Test(arguments: Script.all)
    func script(_ script: Script) {
        var snapshot = Samples.busy()
        snapshot.buttons = [
            ButtonRow(name: "seed", text: "Seed", service: nil),
            ButtonRow(name: "lint", text: "Lint", service: "link-manager"),
        ]
        let dashboard = Dashboard(snapshot)
        _ = dashboard.render(size)
        var commands: [DashboardCommand] = []
        for key in script.keys {
            commands += dashboard.handle(key)
            _ = dashboard.render(size)
        }
        let text = dashboard.render(size).grid.text
        #expect(commands == script.commands)
        for word in script.shows { #expect(text.contains(word), "\"\(word)\" is not shown:\n\(text)") }
        for word in script.hides { #expect(!text.contains(word), "\"\(word)\" is shown:\n\(text)") }
    }

    /// Footer and help are made from the table that dispatches.
    @Test(arguments: Pane.allCases)
    func helpListsEveryKeyOfItsPane(_ pane: Pane) {
        let dashboard = Dashboard(Samples.busy())
        let tall = GridSize(width: 120, height: 60)
        _ = dashboard.handle(.char(Unicode.Scalar(UInt8(0x30 + pane.rawValue))))
        let footer = dashboard.render(tall).grid.text(row: 59)
        _ = dashboard.handle(.char("?"))
        let help = dashboard.render(tall).grid.text
        for binding in KeyTable.bindings(in: pane) {
            #expect(help.contains(binding.help), "\(binding.help) is not in the help of \(pane)")
            for key in binding.keys { #expect(KeyTable.action(of: key, in: pane) == binding.action) }
        }
        #expect(footer.contains("? help"))
        #expect(footer.contains("q quit"))
    }

    @Test func theSelectionStaysOnItsServiceWhenRowsCome() {
        let dashboard = Dashboard(Samples.busy())
        _ = dashboard.render(size)
        _ = dashboard.handle(.char("j"))
        dashboard.update { $0.services.insert(ServiceRow(name: "aaa", state: .idle), at: 0) }
        #expect(dashboard.handle(.char("t")) == [.trigger("link-manager")])
    }

    @Test func aPausedPageDoesNotMove() {
        let store = LogStore()
        for number in 0..<500 { store.append(Array("line \(number).".utf8), source: "a", time: Samples.start) }
        var snapshot = Samples.empty()
        snapshot.logs = store
        let dashboard = Dashboard(snapshot)
        _ = dashboard.render(size)
        for key in [Key.char("3"), .pageUp, .char("k")] { _ = dashboard.handle(key) }
        let before = rows(dashboard)
        for number in 500..<900 { store.append(Array("line \(number).".utf8), source: "a", time: Samples.start) }
        #expect(rows(dashboard) == before)
        #expect(dashboard.render(size).grid.text.contains("below"))
        _ = dashboard.handle(.char("G"))
        #expect(rows(dashboard).last?.contains("line 899.") == true)
    }

    @Test func evictionUnderAPausedPageIsSaid() {
        let store = LogStore(budget: 256 * 1024)
        func write(_ count: Int) {
            for number in 0..<count { store.append(Array("line \(number)".utf8), source: "a", time: Samples.start) }
        }
        write(100)
        var snapshot = Samples.empty()
        snapshot.logs = store
        let dashboard = Dashboard(snapshot)
        _ = dashboard.render(size)
        for key in [Key.char("3"), .char("g")] { _ = dashboard.handle(key) }
        write(20_000)
        let text = dashboard.render(size).grid.text
        #expect(text.contains("older lines are not in memory"), "\(text)")
    }

    @Test func aSearchThroughManyLinesNeedsMoreFramesAndFindsAll() {
        let store = LogStore()
        for number in 0..<60_000 { store.append(Array("line \(number % 1_000)".utf8), source: "a", time: 0) }
        var snapshot = Samples.empty()
        snapshot.logs = store
        let dashboard = Dashboard(snapshot)
        _ = dashboard.render(size)
        for key in Samples.keys("3/line 777") + [.enter] { _ = dashboard.handle(key) }
        var frames = 1
        while dashboard.render(size).wantsAnother { frames += 1 }
        #expect(frames > 1)
        #expect(dashboard.render(size).grid.text.contains("match 1/60 "))
    }

    private func rows(_ dashboard: Dashboard) -> [String] {
        dashboard.render(size).grid.text.split(separator: "\n").map(String.init).filter {
            $0.contains("line ") && $0.contains(".")
        }
    }
}
