// SPDX-License-Identifier: Apache-2.0

import ProcessRunner

/// A build that was not right, with what it takes to see it again.
package struct StaleResult: Error, Sendable, CustomStringConvertible {
    /// What was wrong.
    package let what: String
    package let outputs: [String: ProgramOutput]
    package let truth: [String: ProgramOutput]
    private var seed: UInt64 = 0
    private var step: EditStep?
    private var folder = ""

    init(what: String, outputs: [String: ProgramOutput] = [:], truth: [String: ProgramOutput] = [:]) {
        self.what = what
        self.outputs = outputs
        self.truth = truth
    }

    mutating func complete(seed: UInt64, step: EditStep, folder: String) {
        (self.seed, self.step, self.folder) = (seed, step, folder)
    }

    package var description: String {
        let differences = truth.keys.sorted().filter { truth[$0] != outputs[$0] }.map { program in
            "\(program):\n" + Self.difference(of: outputs[program], to: truth[program])
        }
        return """
            edit \(step?.number ?? 0) (\(step?.kind.rawValue ?? "none")) of seed \(seed): \(what)
            \(differences.joined())kept: \(folder)/stale (sources before and after, their difference, both outputs), \
            \(folder)/edited, \(folder)/clean
            """
    }

    /// The first lines that differ.
    private static func difference(of got: ProgramOutput?, to want: ProgramOutput?) -> String {
        guard let got, let want else { return "  did not run\n" }
        var lines = got.status == want.status ? [] : ["ended with \(got.status)"]
        let (ours, theirs) = (split(got.text), split(want.text))
        for index in 0..<max(ours.count, theirs.count) {
            let (our, their) = (index < ours.count ? ours[index] : "", index < theirs.count ? theirs[index] : "")
            if our != their { lines.append("printed '\(our)', should be '\(their)'") }
        }
        return lines.prefix(12).map { "  \($0)\n" }.joined()
    }

    private static func split(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Writes the sources of all builds of the edit, their difference and both outputs into `stale`.
    func keep(before: [String: String]) async throws {
        let kept = "\(folder)/stale"
        FileSystem.remove(kept)
        var stages = [("before", before)]
        for (index, phase) in (step?.phases ?? []).enumerated() { stages.append(("build-\(index + 1)", phase.sources)) }
        for (name, sources) in stages {
            for (path, text) in sources { try FileSystem.write("\(kept)/\(name)/\(path)", text) }
        }
        var differences = ""
        for (old, new) in zip(stages, stages.dropFirst()) {
            let result = try await ProcessRunner.run(
                ProcessCommand(["diff", "-ruN", old.0, new.0], directory: kept))
            differences += result.outputText
        }
        try FileSystem.write("\(kept)/sources.diff", differences)
        for (name, all) in [("edited", outputs), ("clean", truth)] {
            for (program, output) in all {
                try FileSystem.write("\(kept)/output-\(name)/\(program).txt", output.text + "\n\(output.status)\n")
            }
        }
        let phases = (step?.phases ?? []).enumerated().map { index, phase in
            "build \(index + 1): written \(phase.style.rawValue), \(phase.isTold ? "told" : "not told")\n"
        }
        try FileSystem.write("\(kept)/what.txt", description + "\n" + phases.joined())
    }
}
