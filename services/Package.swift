// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// Delinkcious. Arrows go one way: executable -> ServiceKit, Stores -> cores -> Wire -> ObjectModel.
// Only ServiceKit knows a server framework; the programs see requests and replies as plain values,
// so that what the inner loop edits most compiles in a moment.

/// The settings that every target has; tests and executables too.
let swift: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .swiftLanguageMode(.v6),
]

/// A library of the services with the settings above.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

/// One service. Its name has underscores: Delinkcious' own end-to-end programs look for `./link_service`.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: swift)
}

/// The tests in `Tests/<name>`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: swift)
}

/// What serving and calling over HTTP takes; only ServiceKit has it.
let framework: [Target.Dependency] = [
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
]

let package = Package(
    name: "delinkcious",
    products: [
        .executable(name: "api_gateway", targets: ["api_gateway"]),
        .executable(name: "link_checker", targets: ["link_checker"]),
        .executable(name: "link_service", targets: ["link_service"]),
        .executable(name: "news_service", targets: ["news_service"]),
        .executable(name: "smoke", targets: ["smoke"]),
        .executable(name: "social_graph_service", targets: ["social_graph_service"]),
        .executable(name: "user_service", targets: ["user_service"]),
    ],
    dependencies: [
        // Without its traits: they bring the whole of Foundation, and with it 40 MB of ICU into every image.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.38.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.0.0"),
    ],
    targets: [
        // Libraries of the system; scripts/setup has the names of their packages.
        .systemLibrary(name: "CCurl"),
        .systemLibrary(name: "CHiredis"),
        .systemLibrary(name: "CNats"),
        .systemLibrary(name: "CPostgres"),

        library("ObjectModel"),
        library("Wire", ["ObjectModel"]),
        library("LinkCore", ["ObjectModel"]),
        library("NewsCore", ["ObjectModel"]),
        library("SocialCore", ["ObjectModel"]),
        library("UserCore", ["ObjectModel"]),
        library("Blocking"),
        library("Bus", ["Blocking", "CNats", "ObjectModel", "ServiceKit", "Wire"]),
        library("Stores", ["LinkCore", "NewsCore", "ObjectModel", "SocialCore", "UserCore"]),
        library(
            "PostgresStores",
            ["Blocking", "CPostgres", "LinkCore", "ObjectModel", "ServiceKit", "SocialCore", "UserCore", "Wire"]),
        library("RedisStore", ["Blocking", "CHiredis", "NewsCore", "ObjectModel", "Wire"]),
        library("ServiceKit", ["ObjectModel", "Wire"] + framework),
        library(
            "GRPCKit",
            [
                "ObjectModel", "ServiceKit", "Wire", .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            ] + framework),
        library("WebClient", ["Blocking", "CCurl", "ObjectModel"]),

        program("api_gateway", ["ObjectModel", "ServiceKit", "WebClient", "Wire"]),
        program("link_checker", ["Bus", "ObjectModel", "ServiceKit", "WebClient", "Wire"]),
        program("link_service", ["Bus", "LinkCore", "ObjectModel", "PostgresStores", "ServiceKit", "Stores", "Wire"]),
        program(
            "news_service",
            ["Bus", "GRPCKit", "NewsCore", "ObjectModel", "RedisStore", "ServiceKit", "Stores", "Wire"]),
        program("smoke", ["ObjectModel", "ServiceKit", "Wire"]),
        program(
            "social_graph_service", ["ObjectModel", "PostgresStores", "ServiceKit", "SocialCore", "Stores", "Wire"]),
        program("user_service", ["ObjectModel", "PostgresStores", "ServiceKit", "Stores", "UserCore", "Wire"]),

        tests("WireTests", ["ObjectModel", "ServiceKit", "Wire"]),
        tests(
            "CoreTests",
            ["Blocking", "Bus", "LinkCore", "NewsCore", "ObjectModel", "SocialCore", "Stores", "UserCore", "Wire"]),
        tests(
            "HTTPTests",
            [
                "Bus", "GRPCKit", "NewsCore", "ObjectModel", "PostgresStores", "RedisStore", "ServiceKit", "Wire",
                "api_gateway", "link_checker", "link_service", "news_service", "smoke", "social_graph_service",
                "user_service", .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            ] + framework),
    ]
)
