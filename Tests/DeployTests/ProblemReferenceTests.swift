// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopTestSupport
import Testing

/// `docs/problems.md` is made from the catalogue; with `DEVLOOP_RECORD=1` it is written anew.
@Suite(.timeLimit(.minutes(1)))
struct ProblemReferenceTests {
    @Test func theReferenceIsTheOneThatTheCodeMakes() throws {
        let folders = #filePath.split(separator: "/").dropLast(3)
        let path = "/\(folders.joined(separator: "/"))/docs/problems.md"
        let text = Self.reference
        if Golden.isRecording { try TestFiles.write(path, text) }
        #expect(try TestFiles.read(path) == text, "run this test with DEVLOOP_RECORD=1 to write docs/problems.md anew")
    }

    @Test func codesAndSectionsAreUnique() {
        #expect(Set(Problem.catalogue.map(\.code)).count == Problem.catalogue.count)
        #expect(Set(Problem.catalogue.map(\.anchor)).count == Problem.catalogue.count)
        for problem in Problem.catalogue {
            #expect(Problem.find(problem.code) == problem)
            #expect(Problem.find("Init:" + problem.code) == problem)
            #expect(problem.meaning.hasSuffix(".") && !problem.hint.hasSuffix("."))
        }
        #expect(Problem.find("Brewing") == nil)
    }

    private static var reference: String {
        var text = """
            # What can be wrong with a Pod

            devloop looks at the states of a Pod's containers before it believes its phase, at what Kubernetes has recorded
            about it, and at what the controllers say of their workloads. What it finds has a code, Kubernetes' own word
            where there is one. `pod.changed` carries it as `reason`, together with the container, its exit code, how often it
            was started again, and a message of this one case; `run` and `ci` print it with the container's last 20 lines.

            `run` and `ci` end at once on what will not mend by waiting. On the rest they wait, up to the readiness timeout.
            A code of an init container has `Init:` before it.

            This page is made from the code, by a test.

            | code | in short | ends `run` and `ci` |
            |---|---|---|

            """
        for problem in Problem.catalogue {
            let short = problem.meaning.dropLast()
            text +=
                "| [\(problem.code)](#\(problem.anchor)) | \(short) | \(problem.mayHeal ? "after waiting" : "at once") |\n"
        }
        for problem in Problem.catalogue {
            text += """

                ## \(problem.code)

                \(problem.meaning)

                - What to do: \(problem.hint).
                - Told by: \(problem.source).
                - \(problem.mayHeal ? "Kubernetes keeps trying and may succeed." : "Waiting does not mend it.")

                """
        }
        return text
    }
}
