// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner
import Synchronization
import Testing

@testable import SwiftBuilder

/// A small package with a builder: programs `alpha` and `beta-tool`, libraries `Shared` (both) and `Other` (the second).
final class DemoPackage: Sendable {
    let folder: TemporaryDirectory
    let builder: SwiftBuilder
    private let recorded = Mutex<[BuildEvent]>([])

    init() throws {
        folder = try TemporaryDirectory("builder")
        builder = SwiftBuilder(package: folder.path, environment: ProcessEnvironment.current)
        try folder.write("Package.swift", Self.manifest)
        try folder.write("Sources/Shared/Shared.swift", "public func shared() -> String { \"s0\" }\n")
        try folder.write("Sources/Shared/Deep/Deep.swift", "public func deep() -> String { \"d0\" }\n")
        try folder.write("Sources/Other/Other.swift", "public func other() -> String { \"o0\" }\n")
        try folder.write("Sources/alpha/main.swift", "import Shared\nprint(extra(), shared(), deep())\n")
        try folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e0\" }\n")
        // A file that SwiftPM remarks on.
        try folder.write("Sources/alpha/stray.txt", "stray\n")
        try folder.write(
            "Sources/beta-tool/main.swift", "import Other\nimport Shared\nprint(\"b0\", shared(), other())\n")
    }

    static let manifest = """
        // swift-tools-version: 6.0
        import PackageDescription
        let package = Package(name: "demo", targets: [
            .target(name: "Shared"), .target(name: "Other"),
            .executableTarget(name: "alpha", dependencies: ["Shared"]),
            .executableTarget(name: "beta-tool", dependencies: ["Shared", "Other"]),
        ])

        """

    /// What the last build has told.
    var events: [BuildEvent] { recorded.withLock { $0 } }

    /// Its `Compiling` steps.
    var compiled: [String] {
        events.compactMap { event in
            guard case .progressed(_, _, let step) = event, step.hasPrefix("Compiling ") else { return nil }
            return String(step.dropFirst(10))
        }
    }

    /// Builds with this builder, or another one; `changed` is relative to the package.
    func outcome(
        changed: [String] = [], with other: SwiftBuilder? = nil,
        onEvent: @escaping @Sendable (BuildEvent) -> Void = { _ in }
    ) async throws -> BuildOutcome {
        recorded.withLock { $0 = [] }
        return try await (other ?? builder).build(
            BuildRequest(products: ["alpha", "beta-tool"], changedFiles: changed.map { folder($0) })
        ) { [self] event in
            recorded.withLock { $0.append(event) }
            onEvent(event)
        }
    }

    /// Builds and wants success.
    @discardableResult
    func build(changed: [String] = [], with other: SwiftBuilder? = nil) async throws -> BuildSuccess {
        switch try await outcome(changed: changed, with: other) {
        case .succeeded(let success): return success
        case .failed(let failure):
            throw DevloopError(
                .build, (failure.diagnostics.map(\.description) + failure.outputTail).joined(separator: "\n"))
        }
    }

    /// What a program prints.
    func run(_ product: String, of other: SwiftBuilder? = nil) async throws -> String {
        let path = await (other ?? builder).executablePath(product)
        let result = try await ProcessRunner.run(ProcessCommand([path]))
        #expect(result.status.isSuccess)
        return result.outputText.split(separator: "\n").joined(separator: "\n")
    }

    /// Stamps of the programs and of all objects of Swift sources.
    func stamps() async -> [String: FileStamp] {
        let objects = [
            "alpha.build/main.swift.o", "alpha.build/Extra.swift.o", "beta_tool.build/main.swift.o",
            "Shared.build/Shared.swift.o", "Shared.build/Deep.swift.o", "Other.build/Other.swift.o",
        ]
        let products = await builder.products
        var stamps = objects.reduce(into: [:]) { $0[$1] = FileStamp("\(products)/\($1)") }
        for name in ["alpha", "beta-tool"] { stamps[name] = FileStamp(await builder.executablePath(name)) }
        return stamps
    }

    /// Processes that work in the package.
    func processes() -> [Int] {
        LiveProcesses.matching("swift").filter { pid in
            guard let link = realpath("/proc/\(pid)/cwd", nil) else { return false }
            defer { free(link) }
            return String(cString: link).hasPrefix(folder.path)
        } + LiveProcesses.matching(folder.path)
    }
}
