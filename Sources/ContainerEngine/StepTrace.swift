// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// Follows which instruction of a Dockerfile a build is at, by what builders print, so that a failure has a line.
struct StepTrace {
    /// How steps are numbered.
    enum Counts {
        /// `Step 3/7`, over all stages: the classic builder of a Docker Engine.
        case wholeFile
        /// `STEP 3/4`, `[2/2] STEP 3/4`: buildah and podman count in each stage.
        case stages
    }

    private let file: Dockerfile
    private let counts: Counts
    private(set) var line: Int?

    init(_ file: Dockerfile, counts: Counts) {
        self.file = file
        self.counts = counts
    }

    /// Takes one line of the build's output.
    mutating func note(_ text: String) {
        var words = text.split(separator: " ")[...]
        var stage = 0
        if counts == .stages, let first = words.first, first.hasPrefix("["), first.hasSuffix("]") {
            guard let number = first.dropFirst().split(separator: "/").first.flatMap({ Int($0) }) else { return }
            stage = number - 1
            words = words.dropFirst()
        }
        guard let word = words.popFirst(), word == (counts == .wholeFile ? "Step" : "STEP"),
            let step = words.popFirst()?.split(separator: "/").first.flatMap({ Int($0) })
        else { return }
        let instructions =
            counts == .wholeFile ? file.instructions : file.instructions.filter { $0.stage == stage }
        guard instructions.indices.contains(step - 1) else { return }
        line = instructions[step - 1].lines.lowerBound
    }

    /// The error with the place where the Dockerfile failed.
    func place(_ error: DevloopError) -> DevloopError {
        guard error.cause == nil else { return error }
        var error = error
        error.cause = BuildFailure(line: Self.parseErrorLine(error.message) ?? line)
        return error
    }

    /// `dockerfile parse error line 2: unknown instruction: COPI`.
    private static func parseErrorLine(_ message: String) -> Int? {
        guard let mark = message.firstRange(of: "parse error") else { return nil }
        let rest = message[mark.upperBound...]
        guard let place = rest.firstRange(of: "line ") else { return nil }
        return Int(rest[place.upperBound...].prefix { $0.isNumber })
    }
}
