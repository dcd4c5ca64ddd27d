// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// A registry that wants a login which the node does not have.
    @Suite(.serialized)
    struct PullAuthenticationTests {
        @Test func anImageThatNeedsALoginIsToldApart() async throws {
            let port = try freePort()
            let folder = try TemporaryDirectory("registry")
            // Nobody knows the password; nobody logs in.
            try folder.write("users", "ann:$2y$05$abcdefghijklmnopqrstuuHIrMEWpUCQe2YqFR3sXwQ75u4od..9q\n")
            try folder.write(
                "registry.yaml",
                """
                version: 0.1
                log: {level: warn, accesslog: {disabled: true}}
                storage: {filesystem: {rootdirectory: "\(folder("data"))"}}
                http: {addr: "127.0.0.1:\(port)"}
                auth: {htpasswd: {realm: devloop-test, path: "\(folder("users"))"}}

                """)
            let registry = try await ProcessRunner.open(
                ProcessCommand(["docker-registry", "serve", folder("registry.yaml")]), onError: { _ in })
            do {
                try await Self.check(port)
            } catch {
                await registry.close()
                throw error
            }
            await registry.close()
        }

        private static func check(_ port: Int) async throws {
            try await Cluster.run("login") { cluster in
                let project = try Project(
                    manifest: Project.deployment(
                        command: ["/bin/busybox", "true"], image: "127.0.0.1:\(port)/private/app:1"))
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    let told = try await live.wait("pod.changed", resource: "app") {
                        ["ErrImagePull", "ImagePullBackOff"].contains($0["reason"]?.string)
                            && $0["message"]?.string?.contains("does not let the node have it") == true
                    }
                    #expect(told["hint"]?.string?.contains("imagePullSecrets") == true, "\(told.jsonText)")
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
