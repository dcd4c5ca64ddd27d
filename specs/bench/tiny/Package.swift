// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// The service that scripts/bench edits: nothing but the standard library and the C library.
let package = Package(
    name: "tiny",
    targets: [
        .executableTarget(name: "tiny", swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
