// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner
import Synchronization
import Testing

@testable import SwiftBuilder

/// The driver in real packages: what it takes over, what it leaves to SwiftPM, and that neither serves old code.
extension RealBuilds {
    /// Commands that the last build has begun.
    private func started(_ demo: DemoPackage) -> [String] {
        demo.events.compactMap { if case .started(let command, _) = $0 { command } else { nil } }
    }

    private func isDriven(_ demo: DemoPackage) -> Bool {
        !started(demo).isEmpty && started(demo).allSatisfy { $0.hasPrefix("swiftc ") }
    }

    @Test(.timeLimit(.minutes(3)))
    func theDriverCompilesOnlyWhatIsStale() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        #expect(started(demo).count == 1 && started(demo)[0].hasPrefix("swift build"), "the first build is SwiftPM's")
        // Saved again with the same content: nothing runs at all.
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e0\" }\n")
        try await demo.build(changed: ["Sources/alpha/Extra.swift"])
        #expect(started(demo).isEmpty)

        let before = await demo.stamps()
        try demo.folder.write("Sources/Shared/Shared.swift", "public func shared() -> String { \"s1\" }\n")
        try await demo.build(changed: ["Sources/Shared/Shared.swift"])
        #expect(started(demo) == ["swiftc -incremental of Shared"])
        #expect(try await demo.run("alpha") == "e0 s1 d0")
        let after = await demo.stamps()
        #expect(after["alpha"] == before["alpha"], "a library's body concerns no program that uses it")

        // A default value is a new signature; its callers stay as they are.
        try demo.folder.write(
            "Sources/Shared/Shared.swift", "public func shared(_ x: Int = 2) -> String { \"s\\(x)\" }\n")
        try await demo.build(changed: ["Sources/Shared/Shared.swift"])
        #expect(started(demo).first == "swiftc -incremental of Shared")
        #expect(started(demo).last == "swiftc -incremental of alpha, beta_tool")
        #expect(try await demo.run("alpha") == "e0 s2 d0")
        #expect(try await demo.run("beta-tool") == "b0 s2 o0")
    }

    /// A build of SwiftPM after the driver compiles no other modules than those that the driver has touched.
    @Test(.timeLimit(.minutes(3)))
    func swiftPMGoesOnWhereTheDriverHasBeen() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        let before = await demo.stamps()
        try demo.folder.write("Sources/Shared/Shared.swift", "public func shared() -> String { \"s1\" }\n")
        try await demo.build(changed: ["Sources/Shared/Shared.swift"])
        #expect(isDriven(demo))
        try demo.folder.write("Sources/Other/New.swift", "public let new = 1\n")
        try await demo.build(changed: ["Sources/Other/New.swift"])
        #expect(!isDriven(demo), "a new file is SwiftPM's")
        let after = await demo.stamps()
        for untouched in ["alpha.build/main.swift.o", "alpha.build/Extra.swift.o"] {
            #expect(after[untouched] == before[untouched], "\(untouched)")
        }
        #expect(try await demo.run("alpha") == "e0 s1 d0")
        #expect(try await demo.run("beta-tool") == "b0 s1 o0")
    }

    /// A save of nothing new links what is not there, and nothing else.
    @Test(.timeLimit(.minutes(3)))
    func whatIsNotThereIsLinkedAgain() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        let first = await demo.builder.executablePath("alpha")
        let before = FileStamp(first)
        try await demo.build()
        #expect(started(demo).isEmpty && FileStamp(first) == before)
        // Somebody has deleted it.
        unlink(first)
        try await demo.build()
        #expect(try await demo.run("alpha") == "e0 s0 d0")
        // The linker cannot write where it wants to: the whole program stands in for it.
        unlink(first)
        try TestFiles.makeDirectory(first)
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e1\" }\n")
        try await demo.build(changed: ["Sources/alpha/Extra.swift"])
        #expect(await demo.builder.executablePath("alpha") != first)
        #expect(try await demo.run("alpha") == "e1 s0 d0")
        TestFiles.remove(first)
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e2\" }\n")
        try await demo.build(changed: ["Sources/alpha/Extra.swift"])
        #expect(await demo.builder.executablePath("alpha") == first)
        #expect(try await demo.run("alpha") == "e2 s0 d0")
    }

    /// Each in turn is left to SwiftPM.
    @Test(.timeLimit(.minutes(4)))
    func whatIsNoKnownSourceIsSwiftPMs() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        let edits: [(String, String?)] = [
            ("Sources/alpha/More.swift", "func more() {}\n"), ("Sources/alpha/More.swift", nil),
            ("Package.swift", DemoPackage.manifest + "// changed\n"),
        ]
        for (path, text) in edits {
            if let text { try demo.folder.write(path, text) } else { unlink(demo.folder(path)) }
            try await demo.build(changed: [path])
            #expect(!isDriven(demo) && !started(demo).isEmpty, "\(path)")
            try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e\(path.count)\" }\n")
            try await demo.build(changed: ["Sources/alpha/Extra.swift"])
            #expect(try await demo.run("alpha") == "e\(path.count) s0 d0")
        }
    }

    /// What `swift build` leaves stale: a body that shows through `some`.
    @Test(.timeLimit(.minutes(3)), arguments: [true, false])
    func bodiesThatShowThroughAreFollowed(_ isOneModule: Bool) async throws {
        let demo = try DemoPackage()
        let (folder, access) = isOneModule ? ("alpha", "") : ("Shared", "public ")
        func write(_ body: String) throws {
            try demo.folder.write(
                "Sources/\(folder)/Opaque.swift",
                """
                \(access)protocol Animal { var legs: Int { get } }
                struct Bird: Animal { var legs: Int { 2 } }
                struct Spider: Animal { var name = "a long name of a spider"; var legs: Int { name.count } }
                \(access)func animal() -> some Animal { \(body) }

                """)
        }
        try write("Bird()")
        try demo.folder.write(
            "Sources/alpha/main.swift", "import Shared\nprint(animal().legs, MemoryLayout.size(ofValue: animal()))\n")
        try await demo.build()
        #expect(try await demo.run("alpha") == "2 0")
        try write("Spider()")
        try await demo.build(changed: ["Sources/\(folder)/Opaque.swift"])
        #expect(isDriven(demo))
        #expect(try await demo.run("alpha") == "23 16")
    }

    @Test(.timeLimit(.minutes(3)))
    func inlinableBodiesAreFollowed() async throws {
        let demo = try DemoPackage()
        func write(_ value: Int) throws {
            try demo.folder.write(
                "Sources/Shared/Deep/Deep.swift",
                "@_alwaysEmitIntoClient public func deep() -> String { \"d\(value)\" }\n")
        }
        try write(0)
        try await demo.build()
        #expect(try await demo.run("alpha") == "e0 s0 d0")
        try write(1)
        try await demo.build(changed: ["Sources/Shared/Deep/Deep.swift"])
        #expect(try await demo.run("alpha") == "e0 s0 d1")
        // The same where SwiftPM builds, since a file is new.
        try write(2)
        try demo.folder.write("Sources/Shared/New.swift", "public let new = 1\n")
        try await demo.build(changed: ["Sources/Shared/Deep/Deep.swift", "Sources/Shared/New.swift"])
        #expect(!isDriven(demo))
        #expect(try await demo.run("alpha") == "e0 s0 d2")
    }

    /// Saved while its module is compiled, which `swiftc` refuses if it sees it: the build ends well, and the next one
    /// has the last content.
    @Test(.timeLimit(.minutes(2)))
    func aSaveDuringTheDriverIsForTheNextBuild() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e1\" }\n")
        let isSaved = Mutex(false)
        let outcome = try await demo.outcome(changed: ["Sources/alpha/Extra.swift"]) { event in
            guard case .progressed = event,
                !isSaved.withLock({ old in
                    defer { old = true }; return old
                })
            else { return }
            _ = try? demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e2\" }\n")
        }
        guard case .succeeded = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(isDriven(demo))
        try await demo.build()
        #expect(isDriven(demo))
        #expect(try await demo.run("alpha") == "e2 s0 d0")
        // Nothing is left of it.
        try await demo.build()
        #expect(started(demo).isEmpty)
    }

    /// One part of the work is done, another is not: neither is forgotten.
    @Test(.timeLimit(.minutes(3)))
    func aBrokenUserOfALibraryIsHealedByTheLibrary() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        try demo.folder.write("Sources/Shared/Shared.swift", "public func shared(_ x: Int) -> String { \"s\\(x)\" }\n")
        guard case .failed(let failure) = try await demo.outcome(changed: ["Sources/Shared/Shared.swift"]) else {
            Issue.record("it was built")
            return
        }
        #expect(isDriven(demo))
        #expect(failure.diagnostics.first?.location?.file.hasSuffix("main.swift") == true)
        #expect(failure.diagnostics.first?.message.contains("missing argument") == true)
        #expect(try await demo.run("alpha") == "e0 s0 d0", "the last good version is still there")
        try demo.folder.write("Sources/Shared/Shared.swift", "public func shared() -> String { \"s3\" }\n")
        try await demo.build(changed: ["Sources/Shared/Shared.swift"])
        #expect(isDriven(demo))
        #expect(try await demo.run("alpha") == "e0 s3 d0")
        #expect(try await demo.run("beta-tool") == "b0 s3 o0")
        // Broken, and then again as it was when it was compiled last.
        let good = "func extra() -> String { \"e0\" }\n"
        try demo.folder.write("Sources/alpha/Extra.swift", good + "let broken: Int = \"no number\"\n")
        guard case .failed = try await demo.outcome(changed: ["Sources/alpha/Extra.swift"]) else {
            Issue.record("it was built")
            return
        }
        try demo.folder.write("Sources/alpha/Extra.swift", good)
        try await demo.build(changed: ["Sources/alpha/Extra.swift"])
        #expect(isDriven(demo))
        #expect(try await demo.run("alpha") == "e0 s3 d0")
    }
}
