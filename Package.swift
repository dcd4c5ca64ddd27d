// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// Arrows go one way: executable -> commands -> engine and dashboard -> adapters -> core -> C modules.
// `DependencyRulesTests` holds this; add a target here and its row there in the same change.
// Targets are sorted by layer, then by name; one dependency a line where there are several.

/// The settings that every ordinary Swift target has; tests and executables too.
let swift: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .swiftLanguageMode(.v6),
]

/// A Swift target of the tool with the settings above.
func library(_ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: swift)
}

/// The tests of one target, in `Tests/<name>`.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swift)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let bigInt = Target.Dependency.product(name: "BigInt", package: "BigInt")

let package = Package(
    name: "devloop",
    products: [
        .executable(name: "devloop", targets: ["devloop"]),
        .executable(name: "devloop-agent", targets: ["devloop-agent"]),
        .executable(name: "starlark", targets: ["StarlarkProgram"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
    ],
    targets: [
        // C modules: a module map and static inline shims, one per wrapped library
        // Hashing and copying are done in C: optimised also in debug builds
        .target(name: "CAgent", cSettings: [.unsafeFlags(["-O2"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .target(name: "CDevloop"),
        .systemLibrary(name: "CGit2", pkgConfig: "libgit2"),
        .systemLibrary(name: "CNcurses", path: "tui/CNcurses"),
        .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),

        // Core: values, names, errors, events
        library("DevloopCore"),
        library("LocalPods", ["DevloopCore", "Plan"]),
        library("LogStore"),
        library("Plan", ["DevloopCore"]),
        library("Starlark", [bigInt]),
        library("StarlarkConformance", ["Starlark"]),
        library("SyncProtocol"),
        library("TerminalGrid", path: "tui/TerminalGrid"),

        // Adapters: one outside thing each
        library(
            "ContainerEngine",
            [
                "DevloopCore", "HostFolders", "HTTPTransport", "Hashing", "ImagePack", "Plan", "ProcessRunner",
                "Registry",
            ]),
        library("Deploy", ["DevloopCore", "Plan"]),
        library("Devloopfile", ["DevloopCore", "HostFolders", "Plan", "ProcessRunner", "Starlark", "YAMLTree"]),
        library("ElfFiles"),
        library("FileWatch", ["CDevloop", "DevloopCore", "GitState", "Hashing"]),
        library("GitState", ["CGit2", "DevloopCore"]),
        library("Gzip", ["CZlib"]),
        library("HTTPTransport", ["CCurl", "CDevloop", "DevloopCore"]),
        library("Hashing", ["CCrypto"]),
        library("HostFolders"),
        library(
            "ImageDelivery",
            ["ContainerEngine", "DevloopCore", "Hashing", "HTTPTransport", "ImagePack", "ProcessRunner", "Registry"]),
        library("ImagePack", ["DevloopCore", "ElfFiles", "Gzip", "Hashing", "HostFolders", "ProcessRunner"]),
        library("KubeClient", ["DevloopCore", "HTTPTransport", "ProcessRunner", "YAMLTree"]),
        library("PodSync", ["DevloopCore", "Hashing", "HostFolders", "SyncProtocol"]),
        library("PortForward", ["DevloopCore"]),
        library("ProcessRunner", ["CDevloop", "DevloopCore"]),
        library(
            "Registry",
            ["DevloopCore", "Gzip", "Hashing", "HostFolders", "HTTPTransport", "ImagePack", "Plan", "ProcessRunner"]),
        library("SwiftBuilder", ["DevloopCore", "ElfFiles", "Hashing", "HostFolders", "ProcessRunner"]),
        library("YAMLTree", ["CYaml", "DevloopCore"]),

        // Engine and dashboard
        library("DashboardTUI", ["LogStore", "TerminalGrid"], path: "tui/DashboardTUI"),
        library("CursesScreen", ["CDevloop", "CNcurses", "DevloopCore", "TerminalGrid"], path: "tui/CursesScreen"),
        library("LoopEngine", ["DevloopCore", "Plan"]),

        // The dashboard with a session that does not exist: for its terminal tests, for looking at it, for measuring
        .executableTarget(
            name: "devloop-dashboard-demo",
            dependencies: ["CursesScreen", "DashboardTUI", "DevloopCore", "LogStore", "TerminalGrid"],
            path: "tui/DashboardDemo",
            swiftSettings: swift),

        // Composition and commands
        library(
            "DevloopLive",
            [
                "ContainerEngine",
                "Deploy",
                "DevloopCore",
                "Devloopfile",
                "FileWatch",
                "GitState",
                "Hashing",
                "HostFolders",
                "HTTPTransport",
                "ImageDelivery",
                "ImagePack",
                "KubeClient",
                "LocalPods",
                "LoopEngine",
                "Plan",
                "PodSync",
                "PortForward",
                "ProcessRunner",
                "Registry",
                "SwiftBuilder",
                "SyncProtocol",
                "YAMLTree",
            ]),
        library(
            "DevloopCommands",
            [
                "CursesScreen",
                "DashboardTUI",
                "DevloopCore",
                "DevloopLive",
                "LogStore",
                "LoopEngine",
                "ProcessRunner",
                "TerminalGrid",
                argumentParser,
            ]),

        // Programs
        .executableTarget(name: "devloop", dependencies: ["DevloopCommands"], swiftSettings: swift),
        // Measures; linked into nothing
        .executableTarget(
            name: "devloop-bench",
            dependencies: [
                "DevloopCore", "DevloopLive", "FileWatch", "HostFolders", "HTTPTransport", "KubeClient", "LogStore",
                "LoopEngine", "ProcessRunner", "SwiftBuilder", "SyncProtocol", argumentParser,
            ],
            swiftSettings: swift),
        // Store images for machines without a registry, see scripts/images; linked into nothing
        .executableTarget(
            name: "devloop-pack", dependencies: ["DevloopCore", "ImagePack", argumentParser], swiftSettings: swift),
        .executableTarget(
            name: "devloop-agent",
            dependencies: ["CAgent"],
            swiftSettings: [
                .enableExperimentalFeature("Embedded"),
                // The embedded standard library is not among the static ones, wherever the others are.
                .unsafeFlags(["-wmo", "-Osize", "-parse-as-library", "-no-static-stdlib"]),
            ],
            linkerSettings: [
                .unsafeFlags([
                    "-static-executable", "-Xlinker", "--gc-sections", "-Xlinker", "-s", "-Xlinker", "-l:libcrypto.a",
                    // A debug build wraps the module's syntax tree for the debugger, three times what all code takes,
                    // and `-s` leaves it. The linker of the toolchain can pass it over.
                    "-use-ld=lld", "-Xlinker", "--remap-inputs=*/devloop_agent.swiftmodule.o=/dev/null",
                ])
            ]),

        // Random edits of a generated package, built and compared; for tests and for `scripts/soak`
        library("RandomEdits", ["DevloopCore", "HostFolders", "ProcessRunner", "SwiftBuilder"]),
        .executableTarget(
            name: "devloop-soak",
            dependencies: ["DevloopCore", "ProcessRunner", "RandomEdits", argumentParser],
            swiftSettings: swift),

        // The language as a program of its own
        // The product is `starlark`: a target of this name differs from the library's by letter case alone.
        .executableTarget(
            name: "StarlarkProgram", dependencies: ["Starlark", argumentParser], swiftSettings: swift),
        // The public suites of the language, run against the interpreter of this package
        .executableTarget(
            name: "starlark-conformance", dependencies: ["StarlarkConformance", argumentParser], swiftSettings: swift),

        // Tests
        library("DevloopTestSupport", ["HostFolders"]),
        tests(
            "ContainerEngineTests",
            [
                "ContainerEngine", "DevloopCore", "DevloopLive", "DevloopTestSupport", "HTTPTransport", "Hashing",
                "ImageDelivery", "ImagePack", "LoopEngine", "Plan", "ProcessRunner",
            ]),
        tests("DependencyRulesTests", ["DevloopCore", "DevloopTestSupport", "ProcessRunner"]),
        tests(
            "DeployTests", ["Deploy", "DevloopCore", "DevloopTestSupport", "KubeClient", "Plan", "YAMLTree"],
            exclude: ["Recorded"]),
        tests("DevloopCoreTests", ["DevloopCore"]),
        tests(
            "DevloopLiveTests",
            [
                "Deploy", "DevloopCore", "DevloopLive", "DevloopTestSupport", "HTTPTransport", "Hashing",
                "ImageDelivery", "ImagePack",
                "KubeClient",
                "LoopEngine", "Plan", "PodSync", "ProcessRunner", "SyncProtocol",
            ]),
        tests(
            "DevloopfileTests", ["Devloopfile", "DevloopCore", "DevloopTestSupport", "Plan", "Starlark", "YAMLTree"]),
        tests("FileWatchTests", ["DevloopCore", "DevloopTestSupport", "FileWatch", "ProcessRunner"]),
        tests("GitStateTests", ["DevloopCore", "DevloopTestSupport", "GitState", "ProcessRunner"]),
        tests("HTTPTransportTests", ["DevloopCore", "DevloopTestSupport", "HTTPTransport"]),
        tests("HashingTests", ["Hashing"]),
        tests(
            "ImageTests",
            [
                "DevloopCore", "DevloopTestSupport", "ElfFiles", "Gzip", "Hashing", "HTTPTransport", "ImageDelivery",
                "ImagePack",
                "Plan", "ProcessRunner", "Registry", "SwiftBuilder",
            ]),
        tests(
            "KubeClientTests",
            [
                "DevloopCore", "DevloopTestSupport", "HTTPTransport", "KubeClient", "PortForward", "ProcessRunner",
                "YAMLTree",
            ]),
        tests("LocalPodsTests", ["Deploy", "DevloopCore", "LocalPods", "Plan"]),
        tests("LogStoreTests", ["DevloopCore", "LogStore"]),
        tests(
            "LoopEngineTests", ["DevloopCore", "DevloopTestSupport", "LogStore", "LoopEngine", "Plan", "ProcessRunner"]),
        tests(
            "PodSyncTests",
            [
                "DevloopCore", "DevloopTestSupport", "FileWatch", "Hashing", "KubeClient", "PodSync", "ProcessRunner",
                "SyncProtocol",
            ]),
        tests("PortForwardTests", ["DevloopCore", "DevloopTestSupport", "PortForward"]),
        tests("ProcessRunnerTests", ["CDevloop", "DevloopCore", "DevloopTestSupport", "ProcessRunner"]),
        tests("StarlarkTests", ["DevloopTestSupport", "Starlark", "StarlarkConformance", "StarlarkProgram"]),
        tests(
            "SwiftBuilderTests",
            ["DevloopCore", "DevloopTestSupport", "Hashing", "ProcessRunner", "RandomEdits", "SwiftBuilder"]),
        tests("SyncProtocolTests", ["SyncProtocol"]),
        tests(
            "TUITests",
            [
                "CursesScreen", "DashboardTUI", "DevloopCore", "DevloopTestSupport", "LogStore", "ProcessRunner",
                "TerminalGrid", "devloop-dashboard-demo",
            ],
            exclude: ["Goldens"]),
        tests("YAMLTreeTests", ["DevloopCore", "YAMLTree"]),
        tests(
            "EndToEndTests",
            [
                "Deploy", "DevloopCore", "DevloopTestSupport", "HTTPTransport", "KubeClient", "ProcessRunner",
                "SwiftBuilder",
            ],
            exclude: ["Schema"]),
    ]
)
