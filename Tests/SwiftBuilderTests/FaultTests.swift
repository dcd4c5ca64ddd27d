// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner
import Synchronization
import Testing

@testable import SwiftBuilder

extension RealBuilds {
    @Test(.timeLimit(.minutes(3)))
    func brokenSourcesAreToldOnceAndHeal() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e1\" }\n")
        try demo.folder.write("Sources/beta-tool/main.swift", "import Shared\n\nprint(shared(), missing)\n")
        let outcome = try await demo.outcome(changed: ["Sources/alpha/Extra.swift", "Sources/beta-tool/main.swift"])
        guard case .failed(let failure) = outcome else {
            Issue.record("the build has succeeded")
            return
        }
        let wanted = Diagnostic(
            location: SourceLocation(file: demo.folder("Sources/beta-tool/main.swift"), line: 3, column: 17),
            severity: .error, message: "cannot find 'missing' in scope")
        #expect(failure.diagnostics.filter { $0.severity == .error } == [wanted])
        #expect(failure.diagnostics.first == wanted)
        let told = demo.events.compactMap { event -> Diagnostic? in
            if case .diagnosed(let diagnostic) = event { diagnostic } else { nil }
        }
        #expect(told == [wanted])

        try demo.folder.write("Sources/beta-tool/main.swift", "import Shared\nprint(\"healed\", shared())\n")
        try await demo.build(changed: ["Sources/beta-tool/main.swift"])
        #expect(try await demo.run("beta-tool") == "healed s0")
        #expect(try await demo.run("alpha") == "e1 s0 d0", "what was saved with the broken file is built too")
    }

    @Test(.timeLimit(.minutes(3)))
    func aCancelledBuildLeavesNothingBehind() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        try demo.folder.write("Sources/Shared/Shared.swift", "public func shared() -> String { \"s1\" }\n")
        let (started, isStarted) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let build = Task {
            try await demo.outcome(changed: ["Sources/Shared/Shared.swift"]) { event in
                if case .progressed = event { isStarted.yield() }
            }
        }
        var steps = started.makeAsyncIterator()
        _ = await steps.next()
        build.cancel()
        await #expect(throws: CancellationError.self) { try await build.value }
        #expect(demo.processes().isEmpty)
        // The next request does not name the file: it is still due.
        try await demo.build()
        #expect(try await demo.run("alpha") == "e0 s1 d0")
        #expect(try await demo.run("beta-tool") == "b0 s1 o0")
    }

    @Test(.timeLimit(.minutes(3)))
    func waitsForAnotherSwiftPM() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e1\" }\n")
        let (stopped, isStopped) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let command = ProcessCommand(
            ["swift", "build", "--scratch-path", SwiftBuilder.scratchFolder], directory: demo.folder.path)
        let isFirst = Mutex(true)
        let other = Task {
            try await ProcessRunner.stream(command) { _, _ in
                guard
                    isFirst.withLock({ value in
                        defer { value = false }
                        return value
                    })
                else { return }
                // It has the lock once it writes: let it stand still until our build has said that it waits.
                for pid in demo.processes() { kill(pid_t(pid), SIGSTOP) }
                isStopped.yield()
                isStopped.finish()
            }
        }
        var signal = stopped.makeAsyncIterator()
        _ = await signal.next()
        let pids = demo.processes()
        #expect(!pids.isEmpty)
        _ = try await demo.outcome(changed: ["Sources/alpha/Extra.swift"]) { event in
            guard case .held = event else { return }
            for pid in pids { kill(pid_t(pid), SIGCONT) }
        }
        #expect(try await other.value.isSuccess)
        #expect(demo.events.count { if case .held = $0 { true } else { false } } == 1)
        #expect(try await demo.run("alpha") == "e1 s0 d0")
    }

    @Test(.timeLimit(.minutes(3)))
    func aBrokenManifestIsToldWithItsPlace() async throws {
        let demo = try DemoPackage()
        #expect(try await demo.builder.graph().root.executables == ["alpha", "beta-tool"])
        try demo.folder.write(
            "Package.swift", DemoPackage.manifest.replacing(".target(name: \"Shared\")", with: ".targett()"))
        for _ in 1...2 {
            let error = await #expect(throws: DevloopError.self) {
                try await demo.builder.products(affectedBy: [demo.folder("Package.swift")])
            }
            #expect(error?.code == .build)
            #expect(error?.location == SourceLocation(file: demo.folder("Package.swift"), line: 4, column: 6))
            #expect(error?.message == "type 'Target' has no member 'targett'")
            #expect(error?.hint != nil)
        }
        try demo.folder.write("Package.swift", DemoPackage.manifest)
        #expect(
            try await demo.builder.products(affectedBy: [demo.folder("Package.swift")]) == ["alpha", "beta-tool"])
    }

    @Test(.timeLimit(.minutes(1)))
    func aMissingToolchainIsTold() async throws {
        let demo = try DemoPackage()
        let empty = try TemporaryDirectory("path")
        let builder = SwiftBuilder(package: demo.folder.path, environment: ["PATH": empty.path])
        let error = await #expect(throws: DevloopError.self) { try await builder.graph() }
        #expect(error?.message.contains("toolchain was not found") == true)
        #expect(error?.hint != nil)
        try empty.write("swift", "#!/bin/sh\necho 'no such toolchain' >&2\nexit 1\n", mode: 0o755)
        let second = await #expect(throws: DevloopError.self) { try await builder.graph() }
        #expect(second?.message.hasSuffix("does not work as a Swift toolchain: no such toolchain") == true)
        let toolchain = Toolchain(
            swift: empty("swift"), tools: empty.path, version: "", triple: "", runtimeLibraries: [])
        #expect(toolchain.tool("llvm-objcopy", path: empty.path) == nil)
        let tool = try empty.write("llvm-objcopy", "", mode: 0o755)
        #expect(toolchain.tool("llvm-objcopy", path: nil) == tool)
    }
}
