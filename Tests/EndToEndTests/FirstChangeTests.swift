// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Large files that came with an image.
    @Suite(.serialized)
    struct FirstChangeTests {
        @Test func theFirstChangeOfALargeFileIsSentAsDifferencesToTheImagesCopy() async throws {
            try await Cluster.run("first") { cluster in
                let storage = try TemporaryDirectory("storage")
                let project = try LiveUpdateTests.site(
                    "sync('www', '/data')", port: try freePort(), dockerfile: LiveUpdateTests.reader)
                var line = "\(UInt64.random(in: 0...UInt64.max)) "
                var lines: [String] = []
                for number in 0..<200_000 {
                    lines.append("\(line)\(number)")
                    if number == 0 { line = "line " }
                }
                try project.folder.write("www/data", lines.joined(separator: "\n"))
                let environment = try Buildah.environment(storage).merging(["KUBECONFIG": cluster.kubeconfig]) { $1 }
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    let pod = try #require(try await cluster.livePods().first?.at("metadata", "name")?.string)
                    func digest() async throws -> String {
                        let read = try await cluster.client.execute(
                            namespace: cluster.namespace, pod: pod, container: "app",
                            command: ["/bin/busybox", "sha256sum", "/data/data"])
                        return String(decoding: read.stdout, as: UTF8.self).split(separator: " ").first.map(String.init)
                            ?? String(decoding: read.stderr, as: UTF8.self)
                    }
                    let before = live.last
                    let descriptor = open(project.folder("www/data"), O_WRONLY | O_CLOEXEC)
                    #expect(pwrite(descriptor, "changed", 7, 1_000_000) == 7)
                    close(descriptor)
                    let committed = try await live.wait("sync.committed", resource: "app", after: before)
                    try await live.wait("save.served", resource: "app", after: before)
                    #expect(committed["sent"]?.int ?? .max < 10_000, "\(committed.jsonText)")
                    let (_, here) = TestProgram.run(["sha256sum", project.folder("www/data")])
                    #expect(here.hasPrefix(try await digest()))
                    #expect(live.all("image.packed", resource: "app").count == 1)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
