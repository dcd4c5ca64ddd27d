// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Jobs that the cluster clears away after their end.
    ///
    /// The cluster's own TTL controller is behind a gate that Kubernetes 1.20 leaves shut, so the tests delete finished
    /// Jobs as it does: in the foreground.
    @Suite(.serialized)
    struct JobMemoryTests {
        private static func job(_ name: String, _ word: String, _ spec: String = "ttlSecondsAfterFinished: 1") -> String
        {
            """
            {apiVersion: batch/v1, kind: Job, metadata: {name: \(name)}, spec: {\(spec)\(spec.isEmpty ? "" : ", ")template: {
                spec: {terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, restartPolicy: Never,
                containers: [{name: main, image: '\(Cluster.busybox)', command: ['/bin/busybox', echo, \(word)]}]}}}}

            """
        }

        private static func applied(_ events: [JSONValue], _ object: String = "job/migrate") -> JSONValue? {
            events.first { $0["kind"] == "object.applied" && $0["object"]?.string == object }
        }

        /// Waits until a Job has ended, and takes it away.
        private static func clear(_ name: String, _ cluster: Cluster) async throws {
            let succeeded = try await poll(deadline: .seconds(20)) {
                try await cluster.client.get(.jobs, name: name, namespace: cluster.namespace)
                    .at("status", "succeeded") == 1
            }
            #expect(succeeded)
            try await cluster.client.delete(
                .jobs, name: name, namespace: cluster.namespace, propagation: .foreground)
            let isGone = try await poll(deadline: .seconds(20)) {
                let jobs = try await cluster.client.list(.jobs, namespace: cluster.namespace).items
                return !jobs.contains { $0.at("metadata", "name")?.string == name }
            }
            #expect(isGone)
        }

        @Test func aJobThatWasClearedDoesNotRunAgain() async throws {
            try await Cluster.run("jobttl") { cluster in
                let project = try Project(manifest: Self.job("migrate", "one"))
                func run() async throws -> JSONValue? {
                    Self.applied(try await Devloop.events(of: project, cluster))
                }
                #expect(try await run()?["result"] == "created")
                try await Self.clear("migrate", cluster)
                // It rests, however often, and the session ends well without a Pod of it.
                for _ in 0..<2 {
                    let told = try await run()
                    #expect(told?["result"] == "unchanged")
                    #expect(told?["reason"]?.string?.contains("has ended well before") == true)
                    #expect(try await !cluster.exists(.jobs, "migrate"))
                }

                // A changed one runs, and what is remembered is the newest alone.
                try project.folder.write("app.yaml", Self.job("migrate", "two"))
                #expect(try await run()?["result"] == "created")
                try await Self.clear("migrate", cluster)
                #expect(try await run()?["result"] == "unchanged")
                try project.folder.write("app.yaml", Self.job("migrate", "one"))
                #expect(try await run()?["result"] == "created")
                try await Self.clear("migrate", cluster)

                // `down` forgets.
                let down = try await Devloop.run(
                    ["down", "-n", cluster.namespace], in: project.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
                #expect(down.code == 0, "\(down.errorText)")
                #expect(try await run()?["result"] == "created")
            }
        }

        @Test func onlyWhatTheClusterClearsIsRemembered() async throws {
            try await Cluster.run("jobnottl") { cluster in
                let project = try Project(manifest: Self.job("migrate", "one", ""))
                func run() async throws -> JSONValue? {
                    Self.applied(try await Devloop.events(of: project, cluster))
                }
                #expect(try await run()?["result"] == "created")
                try await Self.clear("migrate", cluster)
                // Nobody but a person can have deleted it.
                #expect(try await run()?["result"] == "created")
            }
        }

        @Test func aJobThatFailedIsNotRemembered() async throws {
            try await Cluster.run("jobfailed") { cluster in
                let failing = Self.job("migrate", "one", "ttlSecondsAfterFinished: 1, backoffLimit: 0")
                    .replacing("/bin/busybox', echo", with: "/bin/busybox', sh, -c, 'exit 3', echo")
                let project = try Project(manifest: failing)
                let first = try await Devloop.events(of: project, cluster, expecting: 1)
                #expect(Self.applied(first)?["result"] == "created")
                try await cluster.client.delete(
                    .jobs, name: "migrate", namespace: cluster.namespace, propagation: .foreground)
                let isGone = try await poll(deadline: .seconds(20)) {
                    let jobs = try await cluster.client.list(.jobs, namespace: cluster.namespace).items
                    return jobs.isEmpty
                }
                #expect(isGone)
                let second = try await Devloop.events(of: project, cluster, expecting: 1)
                #expect(Self.applied(second)?["result"] == "created")
            }
        }

        @Test func aChangeRunsAJobThatWasClearedBefore() async throws {
            try await Cluster.run("jobagain") { cluster in
                let project = try Project(manifest: Self.job("migrate", "one"))
                _ = try await Devloop.events(of: project, cluster)
                try await Self.clear("migrate", cluster)
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    let ready = try await live.wait("migrate", is: "ready")
                    #expect(try await !cluster.exists(.jobs, "migrate"))
                    try project.folder.write("app.yaml", Self.job("migrate", "two"))
                    let applied = try await live.wait(
                        "object.applied", resource: "migrate", after: ready["seq"]?.int ?? 0)
                    #expect(applied["result"] == "created")
                    try await live.wait("migrate", is: "ready", after: applied["seq"]?.int ?? 0)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
