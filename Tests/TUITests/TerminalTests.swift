// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Glibc
import Testing

/// The dashboard in a real terminal.
@Suite(.serialized, .enabled(if: TmuxSession.isAvailable, "tmux is not installed"), .timeLimit(.minutes(2)))
struct TerminalTests {
    private let demo = "DEMO=\(BuiltProducts.path("devloop-dashboard-demo"))"

    private func open(
        _ arguments: String = "", width: Int = 80, height: Int = 24, environment: [String] = []
    ) async throws -> TmuxSession {
        let session = try await TmuxSession(
            width: width, height: height,
            environment: environment + [demo])
        session.type("clear; $DEMO \(arguments)")
        return session
    }

    private func lines(_ screen: String) -> [Substring] {
        screen.split(separator: "\n", omittingEmptySubsequences: false)
    }

    @Test func firstPaintAndQuit() async throws {
        let session = try await open()
        let screen = try await session.wait("the first frame") { $0.contains("q quit") }
        #expect(lines(screen)[0].hasPrefix(" devloop  ctx minikube  ns delinkcious"))
        #expect(lines(screen)[1].hasPrefix("\u{250C}> 1 Services (5) \u{2500}"))
        #expect(screen.contains("\u{65E5}\u{672C}\u{8A9E} caf\u{E9} saved"))
        #expect(session.variable("cursor_flag") == "0")
        #expect(session.variable("alternate_on") == "1")
        session.press("q")
        try await session.wait("the question") { $0.contains("end the session?") }
        session.press("y")
        let end = try await session.wait("the summary") { $0.contains("devloop: 2 of 5 resources good, 2 failed") }
        #expect(end.contains("cannot find 'tok'"))
        try await session.wait("the prompt") { $0.contains("\nREADY>\n") }
        #expect(session.variable("cursor_flag") == "1")
        #expect(session.variable("alternate_on") == "0")
    }

    @Test func interruptEndsAtOnceAndLeavesTheTerminalAsItWas() async throws {
        let session = try await open("--output $T/output; stty -a > $T/after; echo ENDED $?")
        try await session.wait("the first frame") { $0.contains("q quit") }
        session.press("C-c")
        try await session.wait("the end") { $0.contains("ENDED 0") }
        session.type("stty -a > $T/before; cmp $T/before $T/after && echo SAME")
        try await session.wait("equal settings") { $0.contains("\nSAME") }
    }

    @Test func manyResizesLeaveNoRest() async throws {
        let session = try await open()
        try await session.wait("the first frame") { $0.contains("q quit") }
        for width in [100, 61, 140, 59, 90, 200, 70] { session.resize(width: width, height: width / 4) }
        session.resize(width: 120, height: 40)
        let wide = try await session.wait("two columns") { screen in
            screen.contains("2 Pipeline") && screen.contains("5 Errors") && lines(screen).count >= 40
                && lines(screen)[38].hasPrefix("\u{2514}") && lines(screen)[39].contains("q quit")
        }
        #expect(wide.components(of: "1 Services") == 1)
        #expect(wide.components(of: "q quit") == 1)
        session.resize(width: 59, height: 11)
        try await session.wait("the needed size") { $0.contains("terminal is 59x11, devloop needs 60x12") }
        session.resize(width: 80, height: 24)
        let back = try await session.wait("the first size again") { $0.contains("4 Events") }
        #expect(lines(back)[23].contains("q quit"))
        #expect(!back.contains("terminal is"))
    }

    @Test func suspendAndForeground() async throws {
        let session = try await open()
        try await session.wait("the first frame") { $0.contains("q quit") }
        session.press("C-z")
        try await session.wait("the shell") { $0.contains("Stopped") && $0.contains("READY>") }
        #expect(session.variable("alternate_on") == "0")
        #expect(session.variable("cursor_flag") == "1")
        session.type("bg; echo IN BACK")
        try await session.wait("the background") { $0.contains("IN BACK") }
        session.type("fg")
        try await session.wait("the dashboard") { $0.contains("q quit") && $0.contains("1 Services") }
        #expect(session.variable("alternate_on") == "1")
        session.press("j")
        session.press("t")
        try await session.wait("keys to work") { $0.contains("triggered link-manager") }
        session.press("C-c")
        try await session.wait("the end") { $0.contains("resources good") }
    }

    @Test(arguments: ["SEGV", "ABRT", "TRAP", "QUIT"])
    func aCrashGivesTheTerminalBack(_ signal: String) async throws {
        let session = try await TmuxSession(width: 80, height: 24, environment: [demo])
        session.type("ulimit -c 0; stty -a > $T/before; echo READY AGAIN")
        try await session.wait("the settings") { $0.contains("\nREADY AGAIN") }
        session.type("sh -c 'echo $$ > $T/pid; exec $DEMO --output $T/output'; echo ENDED $?")
        try await session.wait("the first frame") { $0.contains("q quit") }
        let pid = try #require(Golden.read("\(session.folder)/pid").flatMap { pid_t($0.filter(\.isNumber)) })
        let numbers = ["SEGV": SIGSEGV, "ABRT": SIGABRT, "TRAP": SIGTRAP, "QUIT": SIGQUIT]
        kill(pid, numbers[signal] ?? SIGSEGV)
        let text = try await session.wait("the end") { $0.contains("\nENDED 1") }
        #expect(text.contains("ended by a fault; its last output is in"))
        #expect(session.variable("cursor_flag") == "1")
        #expect(session.variable("alternate_on") == "0")
        session.type("stty -a > $T/after; cmp $T/before $T/after && echo SAME")
        try await session.wait("equal settings") { $0.contains("\nSAME") }
    }

    @Test func aFloodEndsWithItsLastLine() async throws {
        let session = try await open("--flood 100000 --statistics $T/statistics", width: 120, height: 40)
        try await session.wait("the first frame") { $0.contains("q quit") }
        session.press("3")
        session.press("g")
        try await session.wait("the oldest line") { $0.contains("PAUSED") }
        session.press("G")
        let screen = try await session.wait("the newest line") { $0.contains("last line of the flood") }
        #expect(screen.contains("FOLLOW"))
        #expect(screen.contains("100,014 lines"))
        session.press("C-c")
        try await session.wait("the end") { $0.contains("resources good") }
    }

    /// Nothing changes, so nothing runs: not even to look whether something changed.
    @Test func anIdleScreenDoesNotWakeUp() async throws {
        let session = try await open("--statistics $T/statistics")
        try await session.wait("the first frame") { $0.contains("q quit") }
        // The terminal stays as it is for two seconds of looking at it.
        let deadline = ContinuousClock.now + .seconds(2)
        while ContinuousClock.now < deadline {
            #expect(session.screen().contains("q quit"))
            try await Task.sleep(for: .milliseconds(100))
        }
        session.press("C-c")
        try await session.wait("the end") { $0.contains("resources good") }
        let text = try #require(Golden.read("\(session.folder)/statistics"))
        let wakeUps = try #require(text.split(separator: "\n").first.flatMap { Int($0.split(separator: " ")[1]) })
        #expect(wakeUps <= 4, "\(text)")
    }

    @Test func noColourMeansNoColour() async throws {
        let session = try await open(environment: ["NO_COLOR=1"])
        let screen = try await session.wait("the first frame", escapes: true) { $0.contains("quit") }
        #expect(!hasColour(screen))
        let coloured = try await open()
        try await coloured.wait("colours", escapes: true) { $0.contains("quit") && hasColour($0) }
    }

    /// Whether a colour of the palette is set; 39, the default one, is none.
    private func hasColour(_ screen: String) -> Bool {
        (Array(30...37) + Array(90...97)).contains { number in
            ["[\(number)m", "[\(number);", ";\(number)m"].contains { screen.contains($0) }
        }
    }

    @Test(arguments: ["dumb", "no-such-terminal", "''"])
    func anUnfitTerminalIsNamed(_ term: String) async throws {
        let session = try await TmuxSession(width: 100, height: 24, environment: [demo])
        session.type("TERM=\(term) $DEMO; echo ENDED $?")
        let text = try await session.wait("the error") { $0.contains("ENDED 2") }
        #expect(text.contains("cannot draw the dashboard"))
        #expect(text.contains(term == "''" ? "\"\"" : "\"\(term)\""))
        #expect(text.contains("hint: use --ui=plain"))
    }

    @Test func notATerminalIsSaid() async throws {
        let session = try await TmuxSession(width: 100, height: 24, environment: [demo])
        session.type("$DEMO < /dev/null; echo ENDED $?")
        let text = try await session.wait("the error") { $0.contains("ENDED 2") }
        #expect(text.contains("standard input is not a terminal"))
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: text) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
