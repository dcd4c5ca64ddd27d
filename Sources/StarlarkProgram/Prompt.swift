// SPDX-License-Identifier: Apache-2.0

import Glibc
import Starlark

/// Reads statements and runs each as soon as it is complete.
struct Prompt {
    private let host: Host
    private let session: Session
    private let isTerminal = TerminalLines.isTerminal
    private var terminal = TerminalLines()

    init(_ host: Host) {
        self.host = host
        session = Session(thread: host.thread, dialect: host.dialect, predeclared: host.predeclared)
    }

    /// Runs until the end of the input. At a terminal an error is the user's to see and nothing more; in other input
    /// it counts.
    func run() -> Status {
        var copy = self
        return copy.readAndRun()
    }

    private mutating func readAndRun() -> Status {
        Interrupt.catchSignal()
        var status = Status.ok
        var piece = ""
        // Pieces keep the line numbers of the whole input, as far as positions are concerned.
        var line = 0
        var start = 0
        reading: while true {
            switch nextLine(continues: !piece.isEmpty) {
            case .accepted(let text):
                if piece.isEmpty { start = line }
                piece += text + "\n"
                line += 1
                if Session.isOpen(Array(piece.utf8)) { continue }
            case .abandoned:
                piece = ""
                continue
            case .ended, .editing:
                if !piece.isEmpty { status = worse(status, run(piece, after: start)) }
                break reading
            }
            status = worse(status, run(piece, after: start))
            piece = ""
            if status == .interrupted && !isTerminal { break }
        }
        return isTerminal ? .ok : status
    }

    private mutating func nextLine(continues: Bool) -> LineEditor.Outcome {
        if isTerminal { return terminal.read(prompt: continues ? "... " : ">>> ") }
        return readLine().map { .accepted($0) } ?? .ended
    }

    private func worse(_ one: Status, _ other: Status) -> Status { one.rawValue >= other.rawValue ? one : other }

    private func run(_ piece: String, after line: Int) -> Status {
        Interrupt.reset()
        let source = String(repeating: "\n", count: line) + piece
        return host.report {
            let value = try session.run(file: "<stdin>", source: Array(source.utf8))
            if let value, !value.isNone { print(value.repr()) }
            Output.flush()
        }
    }
}
