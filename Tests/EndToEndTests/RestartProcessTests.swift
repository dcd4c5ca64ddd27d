// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// The extension `restart_process`, in a real Pod.
    @Suite(.serialized)
    struct RestartProcessTests {
        /// A program that reads its files once, at its start.
        private static func project(trigger: String) throws -> Project {
            let spec = """
                load('ext://restart_process', 'docker_build_with_restart')
                docker_build_with_restart(
                    'demo/reader', '.', ignore=['app.yaml', 'Devloopfile'], live_update=[sync('www', '/data')], \(trigger)
                    entrypoint=['/bin/busybox', 'sh', '-c',
                        'echo word $(/bin/busybox cat /data/settings /data/page); exec /bin/busybox sleep 3600'])
                k8s_yaml('app.yaml')

                """
            let manifest = Project.deployment(command: ["-"], image: "demo/reader").split(separator: "\n")
                .filter { !$0.contains("command:") }.joined(separator: "\n")
            let project = try Project(spec, manifest: manifest + "\n")
            try project.folder.write(
                "Dockerfile", "FROM scratch\nCOPY busybox /bin/busybox\nCOPY name /name\nCOPY www /data\n")
            // Bytes that no other run has, so that the node cannot have the image yet.
            try project.folder.write("name", "\(UInt64.random(in: 0...UInt64.max))")
            try project.folder.write("www/settings", "one\n")
            try project.folder.write("www/page", "first\n")
            let (status, output) = TestProgram.run(["cp", "/bin/busybox", project.folder("busybox")])
            guard status == 0 else { throw DevloopError(.process, output) }
            return project
        }

        private static func words(_ live: LiveDevloop) -> [String] {
            live.all("log.written", resource: "app").compactMap { $0["text"]?.string }.filter { $0.hasPrefix("word ") }
        }

        @Test func onlyWhatTheTriggerNamesStartsTheProgramAgain() async throws {
            try await Cluster.run("trigger") { cluster in
                let storage = try TemporaryDirectory("storage")
                let project = try Self.project(trigger: "trigger=['www/settings'],")
                let environment = try Buildah.environment(storage).merging(["KUBECONFIG": cluster.kubeconfig]) { $1 }
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    try await live.wait("log.written", resource: "app") { $0["text"] == "word one first" }

                    // Another file: it is there, and the program runs on.
                    var before = live.last
                    try project.folder.write("www/page", "second\n")
                    var served = try await live.wait("save.served", resource: "app", after: before)
                    #expect(served["way"] == "sync")
                    #expect(served.at("stages", "restart")?.int == nil)
                    let pod = try #require(try await cluster.livePods().first?.at("metadata", "name")?.string)
                    let read = try await cluster.client.execute(
                        namespace: cluster.namespace, pod: pod, container: "app",
                        command: ["/bin/busybox", "cat", "/data/page"])
                    #expect(String(decoding: read.stdout, as: UTF8.self) == "second\n")
                    #expect(live.all("process.restarted", after: before).isEmpty)

                    // The one that is named: it starts again, once.
                    before = live.last
                    try project.folder.write("www/settings", "two\n")
                    try await live.wait("log.written", resource: "app", after: before) {
                        $0["text"] == "word two second"
                    }
                    served = try await live.wait("save.served", resource: "app", after: before)
                    #expect(served["way"] == "sync")
                    #expect(served.at("stages", "restart")?.int != nil)
                    #expect(live.all("process.restarted", after: before).count == 1)

                    // The other one once more: neither the save before nor the restart has changed the rule.
                    before = live.last
                    try project.folder.write("www/page", "third\n")
                    try await live.wait("save.served", resource: "app", after: before)
                    #expect(live.all("process.restarted", after: before).isEmpty)
                    #expect(Self.words(live) == ["word one first", "word two second"])
                    #expect(live.all("image.packed", resource: "app").count == 1)
                    #expect(try await cluster.livePods().map { $0.at("metadata", "name")?.string } == [pod])
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        @Test func withoutATriggerEachFileStartsTheProgramAgain() async throws {
            try await Cluster.run("notrigger") { cluster in
                let storage = try TemporaryDirectory("storage")
                let project = try Self.project(trigger: "")
                let environment = try Buildah.environment(storage).merging(["KUBECONFIG": cluster.kubeconfig]) { $1 }
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    try await live.wait("log.written", resource: "app") { $0["text"] == "word one first" }
                    let before = live.last
                    try project.folder.write("www/page", "second\n")
                    try await live.wait("log.written", resource: "app", after: before) {
                        $0["text"] == "word one second"
                    }
                    try await live.wait("save.served", resource: "app", after: before)
                    #expect(live.all("process.restarted", after: before).count == 1)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
