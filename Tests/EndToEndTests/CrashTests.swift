// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Testing

extension EndToEnd {
    /// Programs that crash in a Pod, without symbols there.
    @Suite(.serialized)
    struct CrashTests {
        private static func write(_ package: TinyPackage, index: Int) throws {
            try package.folder.write(
                "Package.swift",
                """
                // swift-tools-version: 6.0
                import PackageDescription
                let package = Package(
                    name: "tiny",
                    targets: [.target(name: "Kit"), .executableTarget(name: "tiny", dependencies: ["Kit"])])

                """)
            try package.folder.write(
                "Sources/Kit/Kit.swift",
                """
                @inline(never) public func pick(_ numbers: [Int], _ index: Int) -> Int {
                    numbers[index]
                }

                """)
            try package.folder.write(
                "Sources/tiny/main.swift",
                """
                import Glibc
                import Kit
                print("picked", pick([1, 2, 3], \(index) + CommandLine.arguments.count))
                fflush(nil)
                while true { sleep(60) }

                """)
        }

        @Test func ciTellsWhereTheProgramCrashed() async throws {
            try await Cluster.run("crash") { cluster in
                let package = try TinyPackage()
                try Self.write(package, index: 7)
                let result = try await Devloop.run(
                    ["ci", "-n", cluster.namespace], in: package.path, environment: ["KUBECONFIG": cluster.kubeconfig])
                #expect(result.code == 1)
                let text = result.outputText + result.errorText
                #expect(text.contains("the program crashed: "), "\(text)")
                #expect(text.contains("Sources/tiny/main.swift:3:"), "\(text)")
            }
        }

        /// A library of the program is edited: the Pod runs the new one, and its crash is named from it.
        @Test func aCrashAfterASaveIsNamedInTheLog() async throws {
            try await Cluster.run("crashlog") { cluster in
                let package = try TinyPackage()
                try Self.write(package, index: 0)
                try await LiveDevloop.run(in: package.path, on: cluster) { live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    try await live.wait("log.written", resource: "app") { $0["text"] == "picked 2" }
                    try package.folder.write(
                        "Sources/Kit/Kit.swift",
                        """
                        @inline(never) public func pick(_ numbers: [Int], _ index: Int) -> Int {
                            let far = index + 10
                            return numbers[far]
                        }

                        """)
                    try await live.wait("log.written", resource: "app") {
                        $0["text"]?.string?.contains("Sources/Kit/Kit.swift:3:") == true
                    }
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
