// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Devloopfile
import Glibc
import Testing

/// The folders of `specs/` with their `plan.json`.
struct SpecGoldenTests {
    static let specs: String = {
        let source = #filePath
        let root = source.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(root)/specs"
    }()

    static let names = TestFiles.names(specs).filter { TestFiles.exists("\(specs)/\($0)/Devloopfile") }.sorted()

    /// `docs/plan.schema.json`.
    static let schema = Result {
        SchemaCheck(try JSONValue(parsing: try TestFiles.read("\(specs)/../docs/plan.schema.json")))
    }

    /// The check finds what is wrong.
    @Test(arguments: [
        (#"{"resources": []}"#, "$: images is missing"),
        (
            #"{"resources": [1], "images": [], "warnings": [], "watched_files": [], "error": null}"#,
            "$.resources[0]: integer"
        ),
        (
            #"{"resources": [], "images": [{"ref": "", "builder": "x", "live_update": [], "y": 1}], "warnings": [],"#
                + #" "watched_files": [], "error": null}"#, "$.images[0]: y is not expected"
        ),
        (
            #"{"resources": [], "images": [], "warnings": [], "watched_files": [], "error": {"message": "x"}}"#,
            "$.error: fits none"
        ),
    ])
    func otherAnswersDoNotFitTheSchema(text: String, problem: String) throws {
        let problems = try Self.schema.get().problems(of: try JSONValue(parsing: text))
        #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
    }

    @Test func thereAreSpecs() { #expect(Self.names.count >= 14) }

    @Test(arguments: names)
    func planIsAsRecorded(name: String) async throws {
        let directory = "\(Self.specs)/\(name)"
        let evaluation = await Devloopfile.evaluate(DevloopfileRequest(directory: directory, mode: .plan))
        let text = Devloopfile.json(evaluation).prettyText + "\n"
        let golden = "\(directory)/plan.json"
        if getenv("DEVLOOP_RECORD").map({ String(cString: $0) }) == "1" {
            try TestFiles.write(golden, text)
        } else {
            #expect(try TestFiles.read(golden) == text)
        }
        #expect(try Self.schema.get().problems(of: Devloopfile.json(evaluation)) == [])
        #expect((evaluation.error != nil) == name.hasPrefix("error-"), "\(evaluation.error?.report ?? "")")
        #expect(!text.contains(directory), "paths of this machine do not belong into an answer")
    }
}
