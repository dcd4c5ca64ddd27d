// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner
import Testing

@testable import SwiftBuilder

extension RealBuilds {
    @Test(.timeLimit(.minutes(3)))
    func anEditChangesWhatItBelongsTo() async throws {
        let demo = try DemoPackage()
        let first = try await demo.build()
        #expect(first.artifacts.map(\.product) == ["alpha", "beta-tool"])
        #expect(first.warnings.isEmpty, "SwiftPM's remark on the stray file is no warning of the build")
        #expect(demo.events.allSatisfy { if case .diagnosed = $0 { false } else { true } })
        #expect(try await demo.run("alpha") == "e0 s0 d0")
        #expect(try await demo.run("beta-tool") == "b0 s0 o0")

        let before = await demo.stamps()
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e1\" }\n")
        try await demo.build(changed: ["Sources/alpha/Extra.swift"])
        #expect(try await demo.run("alpha") == "e1 s0 d0")
        let after = await demo.stamps()
        #expect(
            Set(after.filter { before[$0.key] != $0.value }.keys).isSuperset(of: ["alpha", "alpha.build/Extra.swift.o"])
        )
        for untouched in ["beta-tool", "beta_tool.build/main.swift.o", "Shared.build/Shared.swift.o"] {
            #expect(after[untouched] != nil)
            #expect(after[untouched] == before[untouched], "\(untouched)")
        }

        try demo.folder.write("Sources/Shared/Deep/Deep.swift", "public func deep() -> String { \"d1\" }\n")
        try demo.folder.write("Sources/Shared/Shared.swift", "public func shared() -> String { \"s1\" }\n")
        try await demo.build(changed: ["Sources/Shared/Deep/Deep.swift", "Sources/Shared/Shared.swift"])
        #expect(try await demo.run("alpha") == "e1 s1 d1")
        #expect(try await demo.run("beta-tool") == "b0 s1 o0")
    }

    /// Edits right after the build before, many of them within its second, told or not; by hand a third of these would
    /// be stale.
    @Test(.timeLimit(.minutes(3)))
    func noEditIsMissed() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        for number in 1...8 {
            let isTold = number % 2 == 0
            try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e\(number)\" }\n")
            try await demo.build(changed: isTold ? ["Sources/alpha/Extra.swift"] : [])
            #expect(try await demo.run("alpha") == "e\(number) s0 d0")
        }
        // The module of this target has another name than the target.
        for number in 1...4 {
            try demo.folder.write(
                "Sources/beta-tool/main.swift",
                "import Other\nimport Shared\nprint(\"b\(number)\", shared(), other())\n")
            try await demo.build(changed: ["Sources/beta-tool/main.swift"])
            #expect(try await demo.run("beta-tool") == "b\(number) s0 o0")
        }
        // A layout that the programs have compiled in.
        try demo.folder.write(
            "Sources/alpha/main.swift", "import Shared\nprint(MemoryLayout<Shape>.size, shared())\n")
        for number in 1...4 {
            let fields = (1...number).map { "public var f\($0) = 0" }.joined(separator: "; ")
            try demo.folder.write(
                "Sources/Shared/Shared.swift",
                "public struct Shape { \(fields) }\npublic func shared() -> String { \"s\(number)\" }\n")
            try await demo.build(changed: ["Sources/Shared/Shared.swift", "Sources/alpha/main.swift"])
            let said = try await demo.run("alpha")
            #expect(said == "\(number * 8) s\(number)")
        }
    }

    /// Moving a file into place brings an old time, with which the compiler alone is content.
    @Test(.timeLimit(.minutes(3)))
    func aFileWithAnOldTimeIsBuilt() async throws {
        let demo = try DemoPackage()
        let backup = try demo.folder.write("backup.swift", "func extra() -> String { \"backup\" }\n")
        var times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 5), timespec(tv_sec: 1_000_000_000, tv_nsec: 5)]
        #expect(utimensat(AT_FDCWD, backup, &times, 0) == 0)
        try await demo.build()
        #expect(rename(backup, demo.folder("Sources/alpha/Extra.swift")) == 0)
        try await demo.build()
        #expect(try await demo.run("alpha") == "backup s0 d0")
    }

    @Test(.timeLimit(.minutes(3)))
    func filesComeAndGo() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        let builder = demo.builder
        func products(_ files: String...) async throws -> Set<String> {
            try await builder.products(affectedBy: files.map { demo.folder($0) })
        }

        // New
        try demo.folder.write("Sources/beta-tool/New.swift", "func new() -> String { \"n1\" }\n")
        try demo.folder.write("Sources/beta-tool/main.swift", "print(new())\n")
        #expect(try await products("Sources/beta-tool/New.swift") == ["beta-tool"])
        try await demo.build(changed: ["Sources/beta-tool/New.swift", "Sources/beta-tool/main.swift"])
        #expect(try await demo.run("beta-tool") == "n1")
        // Edited at once
        try demo.folder.write("Sources/beta-tool/New.swift", "func new() -> String { \"n2\" }\n")
        try await demo.build(changed: ["Sources/beta-tool/New.swift"])
        #expect(try await demo.run("beta-tool") == "n2")
        // Renamed
        #expect(rename(demo.folder("Sources/beta-tool/New.swift"), demo.folder("Sources/beta-tool/Newer.swift")) == 0)
        #expect(try await products("Sources/beta-tool/New.swift", "Sources/beta-tool/Newer.swift") == ["beta-tool"])
        try await demo.build(changed: ["Sources/beta-tool/New.swift", "Sources/beta-tool/Newer.swift"])
        #expect(try await demo.run("beta-tool") == "n2")
        // Deleted, without anybody asking for the products first
        TestFiles.remove(demo.folder("Sources/beta-tool/Newer.swift"))
        try demo.folder.write("Sources/beta-tool/main.swift", "print(\"alone\")\n")
        try await demo.build(changed: ["Sources/beta-tool/Newer.swift", "Sources/beta-tool/main.swift"])
        #expect(try await demo.run("beta-tool") == "alone")
        // Of no account: an editor's, and what nobody compiles
        #expect(
            try await products("Sources/alpha/4913", "Sources/alpha/.#main.swift", "Sources/alpha/stray.txt").isEmpty)
    }
}
