// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import RandomEdits

/// The folder of one seed: its packages, its state, its lock.
struct SoakFolder: Sendable {
    let path: String

    private var stateFile: String { "\(path)/state.json" }

    /// - Returns: a descriptor that holds the lock until it is closed.
    /// - Throws: `DevloopError` when another run with this seed has it.
    func lock() throws -> CInt {
        try FileSystem.makeDirectory(path)
        let descriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileSystem.failure("\(path)/lock") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw DevloopError(.file, "another soak works in \(path)", hint: "wait for its end, or take another --seed")
        }
        return descriptor
    }

    /// What the last run left; that of a first run when there is none.
    func state() throws -> SoakState {
        guard access(stateFile, F_OK) == 0 else { return SoakState() }
        let text = try FileSystem.read(stateFile)
        guard let json = try? JSONValue(parsing: Array(text.utf8)), let state = SoakState(json) else {
            throw DevloopError(.file, "\(stateFile) is no state of a soak", hint: "begin anew with --fresh")
        }
        return state
    }

    func save(_ state: SoakState) throws {
        try FileSystem.write(stateFile, state.json.prettyText + "\n", style: .replacing)
    }

    /// Removes everything but the lock.
    func clear() {
        for name in ["state.json", "edited", "clean", "stale", "soak.log"] { FileSystem.remove("\(path)/\(name)") }
    }
}

/// One line for each edit.
struct SoakLog: Sendable {
    let path: String

    init(path: String) throws {
        self.path = path
        try add("# edit kind builds by-SwiftPM files devloop-seconds clean-seconds looked-again")
    }

    static func line(_ number: Int, _ outcome: EditRun.Outcome) -> String {
        let kind = outcome.kind?.rawValue ?? "none"
        return "\(number) \(kind) \(outcome.builds) \(outcome.planned) \(outcome.files) \(seconds(outcome.built)) "
            + "\(seconds(outcome.clean)) \(outcome.repeats)"
    }

    func add(_ line: String) throws {
        // Past any buffer, so that a pipe shows each edit when it is done.
        let bytes = Array((line + "\n").utf8)
        _ = write(1, bytes, bytes.count)
        guard let file = fopen(path, "ae") else { throw FileSystem.failure(path) }
        defer { fclose(file) }
        guard fputs(line + "\n", file) >= 0 else { throw FileSystem.failure(path) }
    }

    /// With hundredths.
    private static func seconds(_ duration: Duration) -> String {
        let hundredths = Int((duration.inSeconds * 100).rounded())
        return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)"
    }
}
