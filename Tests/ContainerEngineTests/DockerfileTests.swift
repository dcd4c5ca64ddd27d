// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Testing

@testable import ContainerEngine

/// Dockerfiles as devloop reads and changes them.
struct DockerfileTests {
    static let text = """
        # syntax comment
        ARG BASE=demo/base
        FROM --platform=linux/amd64 ${BASE} AS one
        RUN echo a && \\
            # why
            echo FROM demo/base
        RUN <<END
        FROM demo/none
        END
        FROM demo/other:2 AS two
        COPY --from=one /x /y
        COPY --from=demo/tool \\
            /a /b
        FROM two
        """

    @Test func instructionsHaveTheirLinesAndStages() {
        let file = Dockerfile(Self.text)
        #expect(file.instructions.map(\.keyword) == ["ARG", "FROM", "RUN", "RUN", "FROM", "COPY", "COPY", "FROM"])
        #expect(file.instructions.map(\.lines.lowerBound) == [2, 3, 4, 7, 10, 11, 12, 14])
        #expect(file.instructions[2].lines == 4...6)
        #expect(file.instructions.map(\.stage) == [-1, 0, 0, 0, 1, 1, 1, 2])
        #expect(file.images == ["demo/base", "demo/other:2", "demo/tool"])
        #expect(Dockerfile(Self.text, arguments: ["BASE": "x"]).images.first == "x")
    }

    @Test func imagesAreReplacedAndNothingElse() {
        let names = ["demo/base": "built:1", "demo/tool": "sha256:ab"]
        let changed = Dockerfile(Self.text).replacingImages { names[$0] }
        let lines = changed.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[2] == "FROM --platform=linux/amd64 built:1 AS one")
        #expect(lines[5] == "    echo FROM demo/base")
        #expect(lines[7] == "FROM demo/none")
        #expect(lines[11] == "COPY --from=sha256:ab \\")
        #expect(lines.count == Self.text.split(separator: "\n", omittingEmptySubsequences: false).count)
        #expect(Dockerfile(Self.text).replacingImages { _ in nil } == Self.text)
    }

    /// Lines before and after.
    @Test(arguments: [
        ("FROM demo/base", "FROM new"), ("from demo/base as demo/base", "from new as demo/base"),
        ("FROM demo/base-x", "FROM demo/base-x"), ("FROM demo/base:1", "FROM demo/base:1"),
        (
            "FROM scratch\nRUN --mount=type=bind,from=demo/base,target=/m x",
            "FROM scratch\nRUN --mount=type=bind,from=new,target=/m x"
        ),
        ("FROM scratch AS demo/base\nFROM demo/base", "FROM scratch AS demo/base\nFROM demo/base"),
        ("FROM x\r\nCOPY --from=demo/base a b\r\n", "FROM x\r\nCOPY --from=new a b\r\n"),
    ])
    func aNameIsReplacedAsAWord(_ before: String, _ after: String) {
        #expect(Dockerfile(before).replacingImages { $0 == "demo/base" ? "new" : nil } == after)
    }

    /// What builders print, and the line of the Dockerfile that they are at.
    @Test(
        arguments: [
            (["Step 1/8 : ARG BASE"], 2, nil), (["Step 4/8 : RUN"], 7, nil), (["Step 9/9 : x"], nil, nil),
            (["Step"], nil, nil),
            (["Step 2/8 : FROM", "output", "Step x/y"], 3, nil),
            (["STEP 1/3: FROM"], nil, 3), (["[2/3] STEP 3/3: COPY"], nil, 12), (["[2/3] STEP 9/3: COPY"], nil, nil),
            (["[1/3] STEP 2/3: RUN", "[3/3] STEP 1/1: FROM two"], nil, 14),
        ] as [([String], Int?, Int?)])
    func stepsHaveLines(_ output: [String], _ engine: Int?, _ tool: Int?) {
        for (counts, want) in [(StepTrace.Counts.wholeFile, engine), (.stages, tool)] {
            var trace = StepTrace(Dockerfile(Self.text), counts: counts)
            for line in output { trace.note(line) }
            #expect(trace.line == want)
        }
    }

    @Test func aParseErrorSaysItsOwnLine() {
        let trace = StepTrace(Dockerfile(Self.text), counts: .wholeFile)
        let error = trace.place(DevloopError(.image, "dockerfile parse error line 12: unknown instruction: X"))
        #expect(error.cause as? BuildFailure == BuildFailure(line: 12))
    }
}
