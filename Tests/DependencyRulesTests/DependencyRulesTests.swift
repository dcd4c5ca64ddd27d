// SPDX-License-Identifier: Apache-2.0

import Testing

/// The arrows between modules go one way: programs, commands, engine and dashboard, adapters, core, C modules.
/// A new target needs its row here.
@Suite(.timeLimit(.minutes(5)))
struct DependencyRulesTests {
    enum Layer: Int, Comparable {
        case c, core, adapter, engine, composition, program, tests
        static func < (left: Layer, right: Layer) -> Bool { left.rawValue < right.rawValue }
    }

    static let layers: [String: Layer] = [
        "CAgent": .c, "CCrypto": .c, "CCurl": .c, "CDevloop": .c, "CGit2": .c, "CNcurses": .c, "CYaml": .c,
        "CZlib": .c,
        "DevloopCore": .core, "LocalPods": .core, "LogStore": .core, "Plan": .core, "Starlark": .core,
        "StarlarkConformance": .core, "SyncProtocol": .core, "TerminalGrid": .core,
        "ContainerEngine": .adapter, "Deploy": .adapter, "Devloopfile": .adapter, "ElfFiles": .adapter,
        "FileWatch": .adapter,
        "GitState": .adapter, "HTTPTransport": .adapter, "Gzip": .adapter, "Hashing": .adapter,
        "HostFolders": .adapter,
        "ImageDelivery": .adapter, "ImagePack": .adapter,
        "KubeClient": .adapter, "PodSync": .adapter, "PortForward": .adapter, "ProcessRunner": .adapter,
        "Registry": .adapter, "SwiftBuilder": .adapter, "YAMLTree": .adapter,
        "CursesScreen": .engine, "DashboardTUI": .engine, "LoopEngine": .engine,
        "DevloopCommands": .composition, "DevloopLive": .composition, "RandomEdits": .composition,
        "devloop": .program, "devloop-agent": .program, "devloop-dashboard-demo": .program, "StarlarkProgram": .program,
        "starlark-conformance": .program, "devloop-bench": .program, "devloop-soak": .program,
        "devloop-pack": .program,
    ]

    /// Arrows within a layer; all others within a layer are forbidden.
    static let sideways: [String: Set<String>] = [
        "LocalPods": ["DevloopCore", "Plan"], "LogStore": ["DevloopCore"], "Plan": ["DevloopCore"],
        "StarlarkConformance": ["Starlark"],
        "Deploy": ["KubeClient", "YAMLTree"], "Devloopfile": ["HostFolders", "ProcessRunner", "YAMLTree"],
        "FileWatch": ["GitState", "Hashing"],
        "ContainerEngine": ["HTTPTransport", "Hashing", "HostFolders", "ImagePack", "ProcessRunner", "Registry"],
        "ImageDelivery": ["ContainerEngine", "Hashing", "HTTPTransport", "ImagePack", "ProcessRunner", "Registry"],
        "ImagePack": ["ElfFiles", "Gzip", "Hashing", "HostFolders", "ProcessRunner"],
        "KubeClient": ["HTTPTransport", "ProcessRunner", "YAMLTree"],
        "PodSync": ["Hashing", "HostFolders", "KubeClient"],
        "SwiftBuilder": ["ElfFiles", "Hashing", "HostFolders", "ProcessRunner"],
        "Registry": ["Gzip", "Hashing", "HTTPTransport", "HostFolders", "ImagePack", "ProcessRunner"],
        "DevloopCommands": ["DevloopLive"],
    ]

    /// Swift targets that may import a C module; all but one list have one element.
    static let importers: [String: Set<String>] = [
        "CAgent": ["devloop-agent"], "CCrypto": ["Hashing"], "CCurl": ["HTTPTransport"], "CGit2": ["GitState"],
        "CNcurses": ["CursesScreen"], "CYaml": ["YAMLTree"],
        "CZlib": ["Gzip"],
        // Helpers of our own, not a wrapped library.
        "CDevloop": ["CursesScreen", "FileWatch", "HTTPTransport", "ProcessRunner"],
    ]

    /// Files at an edge that need more than the standard library.
    static let foundationFiles: [String: String] = [
        "Sources/KubeClient/Config/ExecCredential.swift": "FoundationEssentials"
    ]

    static let description = Task { try await PackageDescription.load() }

    @Test func arrowsGoDown() async throws {
        let package = try await Self.description.value
        for target in package.targets where target.type != "test" && target.name != "DevloopTestSupport" {
            let layer = try #require(Self.layers[target.name], "\(target.name) has no layer: give it a row")
            for dependency in target.targets {
                let lower = try #require(Self.layers[dependency], "\(target.name) depends on \(dependency)")
                let isSideways = lower == layer && Self.sideways[target.name]?.contains(dependency) == true
                #expect(lower < layer || isSideways, "\(target.name) may not depend on \(dependency)")
            }
        }
    }

    @Test func theEngineKnowsNoAdapter() async throws {
        let package = try await Self.description.value
        let engine = try #require(package.target("LoopEngine"))
        #expect(engine.targets == ["DevloopCore", "Plan"])
        #expect(engine.products.isEmpty)
        for item in package.imports where item.target == "LoopEngine" {
            #expect(Self.layers[item.module].map { $0 == .core } ?? true, "\(item.file) imports \(item.module)")
        }
    }

    @Test(arguments: ["TerminalGrid", "DashboardTUI"]) func theDashboardIsPure(_ name: String) async throws {
        let package = try await Self.description.value
        let target = try #require(package.target(name))
        #expect(target.targets.isSubset(of: ["DevloopCore", "LogStore", "TerminalGrid"]))
        for item in package.imports where item.target == name {
            #expect(!["CNcurses", "CursesScreen", "KubeClient"].contains(item.module), "\(item.file)")
        }
    }

    @Test func aTargetImportsOnlyWhatItDeclares() async throws {
        let package = try await Self.description.value
        let own = Set(package.targets.map(\.name))
        for item in package.imports where own.contains(item.module) {
            let target = try #require(package.target(item.target))
            #expect(target.targets.contains(item.module), "\(item.file) imports \(item.module), which is not declared")
        }
    }

    @Test func aTargetDeclaresOnlyWhatItImports() async throws {
        let package = try await Self.description.value
        for target in package.targets
        where target.type != "test" && target.sources.contains(where: { $0.hasSuffix(".swift") }) {
            let imported = Set(package.imports.filter { $0.target == target.name }.map(\.module))
            #expect(target.targets.subtracting(imported).isEmpty, "\(target.name) declares too much")
        }
    }

    @Test func eachCModuleHasItsOneImporter() async throws {
        let package = try await Self.description.value
        let modules = Set(Self.layers.filter { $0.value == .c }.map(\.key))
        #expect(modules == Set(Self.importers.keys))
        for module in modules {
            let lines = package.imports.filter { $0.module == module && package.target($0.target)?.type != "test" }
            #expect(Set(lines.map(\.target)) == Self.importers[module], "\(module)")
            // Types of a library stay inside the target that wraps it.
            #expect(lines.allSatisfy { $0.access.isEmpty }, "\(module) is imported for others")
        }
        for item in package.imports where modules.contains(item.module) && item.module != "CDevloop" {
            #expect(package.target(item.target)?.type != "test", "\(item.file) imports \(item.module)")
        }
    }

    @Test func foundationIsUsedOnlyWhereListed() async throws {
        let package = try await Self.description.value
        for item in package.imports where item.module.hasPrefix("Foundation") {
            guard package.target(item.target)?.type != "test" else { continue }
            #expect(Self.foundationFiles[item.file] == item.module, "\(item.file) imports \(item.module)")
        }
    }

    @Test func theCoreUsesTheStandardLibrary() async throws {
        let package = try await Self.description.value
        // LogStore keeps its older lines in files.
        let system: [String: Set<String>] = [
            "LogStore": ["Glibc"], "Starlark": ["BigInt", "Glibc"],
            "StarlarkConformance": ["Glibc"],
        ]
        for item in package.imports where Self.layers[item.target] == .core && Self.layers[item.module] != .core {
            let allowed = (system[item.target] ?? []).union(["Synchronization"])
            #expect(allowed.contains(item.module), "\(item.file) imports \(item.module)")
        }
    }

    @Test func testSupportIsForTestsOnly() async throws {
        let package = try await Self.description.value
        for target in package.targets where target.targets.contains("DevloopTestSupport") {
            #expect(target.type == "test", "\(target.name)")
        }
        for target in package.targets where target.type == "test" { #expect(target.path == "Tests/\(target.name)") }
    }

    /// Lines and what they import.
    static let lines: [(String, String?)] = [
        ("import Glibc", "Glibc"), ("package import DevloopCore", "package DevloopCore"),
        ("@testable import LoopEngine", "LoopEngine"), ("internal import CCurl", "CCurl"),
        ("public import struct Foundation.Date", "public Foundation"), ("let x = import", nil), ("// import X", nil),
        ("important()", nil),
    ]

    @Test(arguments: lines) func importLinesAreRead(_ line: String, _ wanted: String?) {
        let found = PackageDescription.parse(line)
        #expect(found.map { ($0.access.isEmpty ? "" : "\($0.access) ") + $0.module } == wanted)
    }
}
