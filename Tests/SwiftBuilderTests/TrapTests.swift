// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner
import Synchronization
import Testing

@testable import SwiftBuilder

/// What goes wrong around a build: each is told, and the next build is right.
extension RealBuilds {
    /// The compiler, and SwiftPM itself, as the kernel kills them when memory runs out.
    @Test(.timeLimit(.minutes(3)), arguments: ["-primary-file", "swift-build"])
    func aKilledBuildIsMadeUpFor(_ victim: String) async throws {
        let demo = try DemoPackage()
        try await demo.build()
        try demo.folder.write("Sources/Shared/Shared.swift", "public func shared() -> String { \"s1\" }\n")
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e1\" }\n")
        // A new file is for SwiftPM; the rest is the driver's.
        if victim == "swift-build" { try demo.folder.write("Sources/Other/New.swift", "public let new = 1\n") }
        let killer = Task {
            await poll(deadline: .seconds(60), every: .milliseconds(1)) {
                let found = demo.processes().filter { LiveProcesses.command($0).contains(victim) }
                return found.contains { kill(pid_t($0), SIGKILL) == 0 }
            }
        }
        let outcome = try await demo.outcome(changed: ["Sources/Shared/Shared.swift", "Sources/alpha/Extra.swift"])
        #expect(await killer.value, "\(victim) was there to be killed")
        guard case .failed(let failure) = outcome else {
            Issue.record("the build has succeeded without \(victim)")
            return
        }
        let words = failure.diagnostics.map(\.description) + failure.outputTail
        #expect(!words.isEmpty)
        if victim == "swift-build" { #expect(words.contains { $0.contains("SIGKILL") }, "\(words)") }
        #expect(await poll { demo.processes().isEmpty })
        // The next request names no file: both are still due.
        try await demo.build()
        #expect(try await demo.run("alpha") == "e1 s1 d0")
        #expect(try await demo.run("beta-tool") == "b0 s1 o0")
    }

    /// Somebody builds by hand in the same scratch folder, without devloop's flags and with other variables.
    @Test(.timeLimit(.minutes(3)))
    func otherFlagsInBetweenAreMadeUpFor() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        for number in 1...2 {
            try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e\(number)\" }\n")
            let other = try await ProcessRunner.run(
                ProcessCommand(
                    ["swift", "build", "--scratch-path", SwiftBuilder.scratchFolder, "-Xswiftc", "-DOTHER"],
                    directory: demo.folder.path, environment: .inherit(adding: ["DEVLOOP_NOISE": "\(number)"])))
            #expect(other.status.isSuccess)
            // The same session, then a new one with a variable that builds do see.
            try demo.folder.write("Sources/Shared/Shared.swift", "public func shared() -> String { \"s\(number)\" }\n")
            try await demo.build(changed: ["Sources/alpha/Extra.swift", "Sources/Shared/Shared.swift"])
            #expect(try await demo.run("alpha") == "e\(number) s\(number) d0")
            try demo.folder.write("Sources/Shared/Deep/Deep.swift", "public func deep() -> String { \"d\(number)\" }\n")
            let next = SwiftBuilder(
                package: demo.folder.path,
                environment: ProcessEnvironment.current.merging(["LC_ALL": number == 1 ? "C" : "C.UTF-8"]) { $1 })
            try await demo.build(with: next)
            #expect(try await demo.run("alpha", of: next) == "e\(number) s\(number) d\(number)")
            try demo.folder.write("Sources/Shared/Deep/Deep.swift", "public func deep() -> String { \"d0\" }\n")
            try await demo.build(changed: ["Sources/Shared/Deep/Deep.swift"])
            #expect(try await demo.run("alpha") == "e\(number) s\(number) d0")
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func aDeletedScratchFolderIsMadeAnew() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        TestFiles.remove(demo.folder(SwiftBuilder.scratchFolder))
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e1\" }\n")
        try await demo.build(changed: ["Sources/alpha/Extra.swift"])
        #expect(try await demo.run("alpha") == "e1 s0 d0")
        #expect(try await demo.run("beta-tool") == "b0 s0 o0")

        // While it builds: that build may fail, the next one may not.
        try demo.folder.write("Sources/Shared/Shared.swift", "public func shared() -> String { \"s1\" }\n")
        let isFirst = Mutex(true)
        _ = try? await demo.outcome(changed: ["Sources/Shared/Shared.swift"]) { event in
            guard case .progressed = event else { return }
            let isNow = isFirst.withLock { value in
                defer { value = false }
                return value
            }
            if isNow { TestFiles.remove(demo.folder("\(SwiftBuilder.scratchFolder)/debug/")) }
        }
        try await demo.build()
        #expect(try await demo.run("alpha") == "e1 s1 d0")
        #expect(try await demo.run("beta-tool") == "b0 s1 o0")
    }

    @Test(.timeLimit(.minutes(3)))
    func aFullDiskIsToldAndHeals() async throws {
        let demo = try DemoPackage()
        let scratch = try await Mount(
            at: demo.folder(SwiftBuilder.scratchFolder), ["-t", "tmpfs", "-o", "size=400k", "tmpfs"])
        defer { scratch.end() }
        let outcome = await Result { try await demo.outcome() }
        let words =
            switch outcome {
            case .success(.succeeded): "succeeded"
            case .success(.failed(let failure)):
                (failure.diagnostics.map(\.description) + failure.outputTail).joined(separator: "\n")
            case .failure(let error): (error as? DevloopError)?.report ?? "\(error)"
            }
        #expect(words.lowercased().contains("no space left") || words.contains("disk"), "\(words)")
        try await scratch.remount("size=200m")
        try await demo.build()
        #expect(try await demo.run("alpha") == "e0 s0 d0")
    }

    /// A checkout that may not be written to, with a scratch folder that may.
    @Test(.timeLimit(.minutes(3)))
    func readOnlySourcesAreBuilt() async throws {
        let demo = try DemoPackage()
        try TestFiles.makeDirectory(demo.folder(SwiftBuilder.scratchFolder))
        let sources = try await Mount(at: demo.folder.path, ["--bind", demo.folder.path])
        defer { sources.end() }
        let scratch = try await Mount(at: demo.folder(SwiftBuilder.scratchFolder), ["-t", "tmpfs", "tmpfs"])
        defer { scratch.end() }
        try await sources.remount("bind,ro")
        try await demo.build()
        #expect(try await demo.run("alpha") == "e0 s0 d0")
    }

    /// Nothing at all may be written: one error that says where and what to do.
    @Test(.timeLimit(.minutes(3)))
    func aReadOnlyPackageIsTold() async throws {
        let demo = try DemoPackage()
        let package = try await Mount(at: demo.folder.path, ["--bind", demo.folder.path])
        defer { package.end() }
        try await package.remount("bind,ro")
        let error = await #expect(throws: DevloopError.self) { try await demo.outcome() }
        #expect(error?.code == .build)
        #expect(error?.message.contains(SwiftBuilder.scratchFolder) == true, "\(error?.report ?? "")")
        #expect(error?.hint != nil)
    }

    /// An update of the toolchain takes it away for a while.
    @Test(.timeLimit(.minutes(3)))
    func aToolchainThatVanishesIsToldAndFoundAgain() async throws {
        let demo = try DemoPackage()
        let tools = try TemporaryDirectory("tools")
        let real = try ProgramSearch.resolve("swift", path: ProcessEnvironment.value("PATH"))
        #expect(symlink(real, tools("swift")) == 0)
        var environment = ProcessEnvironment.current
        // What swift itself calls by name is not what vanishes.
        environment["PATH"] = tools.path + ":/usr/bin:/bin"
        let builder = SwiftBuilder(package: demo.folder.path, environment: environment)
        try await demo.build(with: builder)
        #expect(unlink(tools("swift")) == 0)
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e1\" }\n")
        let error = await #expect(throws: DevloopError.self) {
            try await demo.outcome(changed: ["Sources/alpha/Extra.swift"], with: builder)
        }
        #expect(error?.code == .build)
        #expect(error?.message.contains("toolchain") == true, "\(error?.report ?? "")")
        #expect(error?.hint != nil)
        #expect(symlink(real, tools("swift")) == 0)
        try await demo.build(with: builder)
        #expect(try await demo.run("alpha", of: builder) == "e1 s0 d0")
    }
}

/// A mount, for tests that run as root, as `scripts/setup` does.
private struct Mount {
    private let path: String

    init(at path: String, _ arguments: [String]) async throws {
        self.path = path
        try TestFiles.makeDirectory(path)
        try await Self.run(["mount"] + arguments + [path])
    }

    func remount(_ options: String) async throws { try await Self.run(["mount", "-o", "remount,\(options)", path]) }

    /// What is mounted on it goes too.
    func end() { umount2(path, Int32(MNT_DETACH)) }

    private static func run(_ words: [String]) async throws {
        let result = try await ProcessRunner.run(ProcessCommand(words))
        guard result.status.isSuccess else { throw DevloopError(.process, result.errorText) }
    }
}

extension Result where Failure == any Error {
    /// What an asynchronous body gives or throws.
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
