// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Testing

/// `docs/events.md` is made from the code; with `DEVLOOP_RECORD=1` it is written anew.
@Suite(.timeLimit(.minutes(1)))
struct EventReferenceTests {
    @Test func theReferenceIsUpToDate() throws {
        let folders = #filePath.split(separator: "/").dropLast(3)
        let path = "/\(folders.joined(separator: "/"))/docs/events.md"
        let text = Self.reference()
        if ProcessEnvironment.value("DEVLOOP_RECORD") == "1" { try TestFiles.write(path, text) }
        #expect(try TestFiles.read(path) == text, "run this test with DEVLOOP_RECORD=1 to write docs/events.md anew")
    }

    @Test func everyKindIsListedOnce() {
        let names = EventKind.all.map(\.name)
        #expect(Set(names).count == names.count)
        for kind in EventKind.all {
            #expect(kind.name.split(separator: ".").count == 2)
            #expect(Set(kind.fields.map(\.name)).count == kind.fields.count)
            // Members that every event has.
            #expect(Set(kind.fields.map(\.name)).isDisjoint(with: ["seq", "time", "kind", "save", "resource"]))
        }
    }

    private static func reference() -> String {
        var lines = [
            "# Events", "",
            "Generated from `EventKind` by `EventReferenceTests`; do not edit by hand.", "",
            "`devloop up --ui json` (also `run` and `ci`) prints one JSON object a line, as things happen: never",
            "throttled, reordered or dropped. Every object begins with these members:", "",
            "| member | type | meaning |", "|---|---|---|",
            "| `seq` | number | position in the session, from 1, without gaps |",
            "| `time` | string | RFC 3339 in UTC with milliseconds |", "| `kind` | string | one of the kinds below |",
            "| `save` | number | the save that caused it, where one did |",
            "| `resource` | string | the resource that it is about, where there is one |", "",
            "Members of a kind that do not apply are left out. Readers should ignore members and kinds that they do not",
            "know.", "",
        ]
        for kind in EventKind.all {
            lines += [
                "## `\(kind.name)`", "", "\(kind.meaning.prefix(1).uppercased())\(kind.meaning.dropFirst()).", "",
            ]
            guard !kind.fields.isEmpty else { continue }
            lines += ["| member | type | meaning |", "|---|---|---|"]
            lines += kind.fields.map { "| `\($0.name)` | \($0.type) | \($0.meaning.replacing("|", with: "\\|")) |" }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }
}
