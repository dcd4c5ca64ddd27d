// SPDX-License-Identifier: Apache-2.0

import Hashing
import Testing

@testable import SwiftBuilder

/// Decisions of the driver and of the split link, from values alone.
struct DriverPlanTests {
    /// A library, a program that uses it, another program that a plugin runs; as SwiftPM writes it.
    static let manifest = """
        client:
          name: basic
        targets:
          "main": ["<app.exe>","<tool.exe>","<made>"]
          "test": ["<tests>"]
        default: "main"
        commands:
          "/b/Lib.build/Lib.swiftmodule.o":
            tool: shell
            inputs: ["/b/Modules/Lib.swiftmodule"]
            outputs: ["/b/Lib.build/Lib.swiftmodule.o"]
            args: ["swiftc","-modulewrap","/b/Modules/Lib.swiftmodule"]

          "<app.exe>":
            tool: phony
            inputs: ["/b/app"]
            outputs: ["<app.exe>"]

          "<tool.exe>":
            tool: phony
            inputs: ["/b/tool"]
            outputs: ["<tool.exe>"]

          "plugin":
            tool: shell
            inputs: ["/b/tool"]
            outputs: ["<made>"]
            args: ["/b/tool"]

          "C.Lib.module":
            tool: shell
            inputs: ["/s/Lib/A.swift","/s/Lib/B C.swift"]
            outputs: ["/b/Lib.build/A.swift.o","/b/Lib.build/B C.swift.o","/b/Modules/Lib.swiftmodule"]
            args: ["swiftc","-module-name","Lib","-incremental","-parseable-output","-DQUOTED=\\"1\\""]

          "C.app.module":
            tool: shell
            inputs: ["/s/app/main.swift","/b/Modules/Lib.swiftmodule"]
            outputs: ["/b/app.build/main.swift.o","/b/Modules/app.swiftmodule"]
            args: ["swiftc","-module-name","app","-incremental","-parseable-output"]

          "C.tool.module":
            tool: shell
            inputs: ["/s/tool/main.swift"]
            outputs: ["/b/tool.build/main.swift.o","/b/Modules/tool.swiftmodule"]
            args: ["swiftc","-module-name","tool","-incremental","-parseable-output"]

          "C.tests.module":
            tool: shell
            inputs: ["/s/tests/T.swift","/b/Modules/Lib.swiftmodule"]
            outputs: ["<tests>","/b/Modules/tests.swiftmodule"]
            args: ["swiftc","-module-name","tests","-incremental","-parseable-output"]

          "C.app.exe":
            tool: shell
            inputs: ["/b/Lib.build/A.swift.o","/b/Lib.build/B C.swift.o","/b/Lib.build/Lib.swiftmodule.o","/b/Dep.build/d.o","/b/app.build/main.swift.o"]
            outputs: ["/b/app"]
            args: ["swiftc","-L","/b","-o","/b/app","-module-name","app","-emit-executable","-Xlinker","--defsym","-Xlinker","main=app_main","@/b/app.product/Objects.LinkFileList","-lz","-g"]

          "C.tool.exe":
            tool: shell
            inputs: ["/b/tool.build/main.swift.o"]
            outputs: ["/b/tool"]
            args: ["swiftc","-o","/b/tool","-module-name","tool","-emit-executable","@/b/tool.product/Objects.LinkFileList"]

        """

    static let sources: Set<String> = [
        "/s/Lib/A.swift", "/s/Lib/B C.swift", "/s/app/main.swift", "/s/tool/main.swift", "/s/tests/T.swift",
    ]

    static func plan() throws -> DriverPlan {
        DriverPlan(try #require(BuildManifest(parsing: manifest)), sources: sources)
    }

    @Test func readsWhatAPlainBuildRuns() throws {
        let manifest = try #require(BuildManifest(parsing: Self.manifest))
        #expect(manifest.commands["C.tests.module"] == nil)
        #expect(manifest.commands["C.Lib.module"]?.arguments.last == "-DQUOTED=\"1\"")
        let plan = try Self.plan()
        #expect(Set(plan.modules.keys) == ["C.Lib.module", "C.app.module", "C.tool.module"])
        #expect(plan.modules["C.app.module"]?.imports == ["C.Lib.module"])
        #expect(plan.modules["C.app.module"]?.level == 1)
        #expect(plan.dependents(of: "C.Lib.module") == ["C.app.module"])
        #expect(plan.interfaces(importedBy: "C.app.module") == ["/b/Modules/Lib.swiftmodule"])
        #expect(plan.moduleOfSource["/s/Lib/B C.swift"] == "C.Lib.module")
        #expect(plan.programs["app"]?.objects.contains("/b/Lib.build/Lib.swiftmodule.o") == false)
        #expect(plan.modules["C.Lib.module"]?.refusal == nil)
        #expect(plan.modules["C.tool.module"]?.refusal == "tool is a tool that the build itself runs")
    }

    @Test(arguments: ["", "targets:\n", "commands:\n  \"a\":\n    tool: shell\n", "commands:\n  [broken\n"])
    func otherTextsAreRefused(_ text: String) { #expect(BuildManifest(parsing: text) == nil) }

    static func entry(_ time: Int, _ content: String, leaks: LeakingCode = []) -> InputSnapshot.Entry {
        InputSnapshot.Entry(
            stamp: FileStamp(size: 1, modified: time, changed: time, inode: 1),
            digest: content.isEmpty ? nil : SHA256.digest(of: Array(content.utf8)), leaks: leaks)
    }

    static let before: [String: InputSnapshot.Entry] = [
        "/s/Lib/A.swift": entry(1, "a"), "/s/app/main.swift": entry(1, "m"), "/s/tool/main.swift": entry(1, "t"),
        "/s/Lib/include/x.h": entry(1, ""),
    ]

    static let decisions: [([String: InputSnapshot.Entry?], DriverDecision)] = [
        ([:], .drive([:])),
        (["/s/Lib/A.swift": entry(2, "a")], .drive([:])),
        (["/s/Lib/A.swift": entry(2, "b")], .drive(["C.Lib.module": ["/s/Lib/A.swift"]])),
        (
            ["/s/Lib/A.swift": entry(2, "b"), "/s/app/main.swift": entry(2, "n")],
            .drive(["C.Lib.module": ["/s/Lib/A.swift"], "C.app.module": ["/s/app/main.swift"]])
        ),
        (["/s/Lib/New.swift": entry(2, "b")], .leave("/s/Lib/New.swift is new")),
        (["/s/Lib/A.swift": nil], .leave("/s/Lib/A.swift is gone")),
        (
            ["/s/Lib/include/x.h": entry(2, "")],
            .leave("/s/Lib/include/x.h has changed, which no compiler of Swift reads")
        ),
        (["/s/tool/main.swift": entry(2, "u")], .leave("tool is a tool that the build itself runs")),
    ]

    @Test(arguments: decisions)
    func decides(_ changes: [String: InputSnapshot.Entry?], _ want: DriverDecision) throws {
        var after = Self.before
        for (path, entry) in changes { after[path] = entry }
        let decision = DriverDecision.make(
            from: InputSnapshot(files: Self.before), to: InputSnapshot(files: after), try Self.plan())
        #expect(decision == want)
    }

    @Test(
        arguments: [
            ("func f() {}", []), ("@inlinable func f() {}", .intoInterface), ("// @frozen", .intoInterface),
            ("func f() -> some P { A() }", .intoInterface), ("@_transparent func f() {}", .intoModule),
            ("@Published var something: Int", []),
            ("@_transparent @inlinable func f() {}", [.intoInterface, .intoModule]),
        ] as [(String, LeakingCode)])
    func findsCodeThatShowsThrough(_ source: String, _ want: LeakingCode) {
        #expect(LeakingCode(in: Array(source.utf8)) == want)
    }

    @Test func linksInParts() throws {
        let program = try #require(try Self.plan().programs["app"])
        let split = SplitLink(["app": program], folder: "/l") { object in
            object.contains("/Dep.build/") ? .dependency : object.contains("/Lib.build/") ? .shared : .own
        }
        #expect(split.libraries.map(\.output) == ["/l/lib/libdevdeps.so", "/l/lib/libdevshared.so"])
        #expect(
            split.libraries.map(\.objects) == [
                ["/b/Dep.build/d.o"], ["/b/Lib.build/A.swift.o", "/b/Lib.build/B C.swift.o"],
            ])
        #expect(split.libraries[1].arguments.contains("-ldevdeps"))
        #expect(split.libraries.allSatisfy { $0.arguments.contains("-lz") && !$0.arguments.contains("--defsym") })
        let step = try #require(split.programs["app"])
        #expect(step.objects == ["/b/app.build/main.swift.o"])
        #expect(step.inputs == ["/b/app.build/main.swift.o", "/l/lib/libdevdeps.so", "/l/lib/libdevshared.so"])
        #expect(
            step.arguments == [
                "swiftc", "-L", "/b", "-o", "/l/app", "-module-name", "app", "-emit-executable", "-Xlinker", "--defsym",
                "-Xlinker", "main=app_main", "@/l/app.list", "-lz", "-g", "-L", "/l/lib", "-ldevshared", "-ldevdeps",
                "-Xlinker", "--disable-new-dtags", "-Xlinker", "-rpath=$ORIGIN/lib",
            ])
        #expect(SplitLink.refusal(program) == nil)
        let whole = DriverPlan.Program(path: "/b/app", arguments: ["swiftc", "-static-stdlib"], objects: [])
        #expect(SplitLink.refusal(whole) == "it is linked with -static-stdlib")
        // A program without anything to share is linked alone.
        let alone = SplitLink(["app": program], folder: "/l") { _ in .own }
        #expect(alone.libraries.isEmpty)
        #expect(alone.programs["app"]?.arguments.contains("-ldevdeps") == false)
    }

    /// In pieces of any size.
    @Test(arguments: [1, 7, 64, 10_000])
    func readsWhatTheCompilerTells(_ size: Int) {
        let messages = [
            #"{"kind":"began","name":"compile","inputs":["/s/A.swift"]}"#, #"{"kind":"began","name":"emit-module"}"#,
            #"{"kind":"finished","name":"compile","exit-status":1,"output":"/s/A.swift:1:2: error: no\n"}"#,
            #"{"kind":"signalled","name":"compile"}"#,
        ]
        let text = messages.map { "\($0.utf8.count)\n\($0)\n" }.joined() + "plain words\n"
        var reader = ParseableOutput()
        var items: [ParseableOutput.Item] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            items += reader.add(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(
            items == [
                .began(files: ["/s/A.swift"]), .text("/s/A.swift:1:2: error: no\n"),
                .text("error: the compiler ended abnormally in 'compile'"), .text("plain words"),
            ])
    }
}
