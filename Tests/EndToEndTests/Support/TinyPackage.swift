// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport

/// A project with the smallest Swift program that stays: compiled in seconds, and its image has few libraries.
struct TinyPackage {
    let folder: TemporaryDirectory
    /// Name of its image; no other run has it.
    let ref: String

    /// - Parameter spec: lines after those for image and manifest.
    init(_ spec: String = "") throws {
        folder = try TemporaryDirectory("tiny")
        ref = "devloop.test/tiny-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try folder.write(
            "Package.swift",
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(name: "tiny", targets: [.executableTarget(name: "tiny")])

            """)
        let manifest = Project.deployment(command: [], image: ref)
        try folder.write(
            "app.yaml",
            manifest.split(separator: "\n").filter { !$0.contains("command: []") }.joined(separator: "\n") + "\n")
        try folder.write("Devloopfile", "swift_image('\(ref)')\nk8s_yaml('app.yaml')\n\(spec)")
        try write("one")
    }

    var path: String { folder.path }

    /// Makes another program.
    func write(_ word: String) throws {
        try folder.write(
            "Sources/tiny/main.swift",
            """
            import Glibc
            print("tiny \(word)")
            fflush(nil)
            while true { sleep(60) }

            """)
    }
}
