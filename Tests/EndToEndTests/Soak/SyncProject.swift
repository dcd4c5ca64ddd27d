// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport

/// A Swift program, a folder that is synced to a place beside it, where a crash leaves it, and one of its image, in the
/// container's own file system, out of which a crash takes what was synced.
struct SyncProject {
    let folder: TemporaryDirectory
    /// Stands in the command line of its programs, so that no others are ever meant.
    let token: String
    private(set) var word = 0
    private(set) var replicas = 1
    var trees: [SyncTree]

    /// Where the trees are in the container.
    static let places = ["/devloop/app/data", "/srv/more"]

    init(context: String, seed: UInt64) throws {
        folder = try TemporaryDirectory("sync-soak")
        token = "sync-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        trees = [
            try SyncTree(path: folder("data"), seed: seed, hasLinks: true),
            // Links are followed when an image is packed.
            try SyncTree(path: folder("more"), seed: seed &+ 1, hasLinks: false),
        ]
        try folder.write(
            "Package.swift",
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(name: "soak", targets: [.executableTarget(name: "soak")])

            """)
        try folder.write(
            "Devloopfile",
            """
            allow_k8s_contexts('\(context)')
            default_registry('127.0.0.1:15000')
            swift_image('devloop.test/\(token)', user='0', resources=[('more', '\(Self.places[1])')],
                live_update=[initial_sync(), sync('data', '\(Self.places[0])')])
            k8s_yaml('soak.yaml')

            """)
        try write(word: 0)
        try write(replicas: 1)
    }

    var path: String { folder.path }

    mutating func write(word: Int) throws {
        self.word = word
        try folder.write(
            "Sources/soak/main.swift",
            """
            import Glibc
            print("soak \(word)")
            fflush(nil)
            while true { sleep(60) }

            """)
    }

    mutating func write(replicas: Int) throws {
        self.replicas = replicas
        try folder.write(
            "soak.yaml",
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: soak}
            spec:
              replicas: \(replicas)
              selector: {matchLabels: {app: soak}}
              template:
                metadata: {labels: {app: soak}}
                spec:
                  terminationGracePeriodSeconds: 1
                  automountServiceAccountToken: false
                  containers:
                    - {name: soak, image: devloop.test/\(token), args: [\(token)]}

            """)
    }
}
