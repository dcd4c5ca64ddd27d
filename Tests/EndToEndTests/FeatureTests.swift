// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Ways of images to the node, and what is no workload: each feature of a spec once for real.
    @Suite(.serialized)
    struct FeatureTests {
        /// The image of the Deployment `tiny`, after `run` with a spec.
        private static func imageAfterRun(_ spec: String, _ project: Project, _ cluster: Cluster) async throws -> String
        {
            try project.folder.write("Devloopfile", spec)
            let result = try await Devloop.run(
                ["run", "-n", cluster.namespace], in: project.path, environment: ["KUBECONFIG": cluster.kubeconfig])
            #expect(result.code == 0, "\(result.errorText)")
            let deployment = try await cluster.client.get(.deployments, name: "tiny", namespace: cluster.namespace)
            #expect(try await cluster.becomesAvailable("tiny"))
            return deployment.at("spec", "template", "spec", "containers")?[0]?["image"]?.string ?? ""
        }

        @Test func anImageComesThroughARegistryOrALoader() async throws {
            try await Cluster.run("ways") { cluster in
                let project = try Project(nil)
                for file in [
                    "tiny/Package.swift", "tiny/Sources/tiny/Banner.swift", "tiny/Sources/tiny/Tiny.swift", "tiny.yaml",
                ] {
                    try project.folder.write(file, try TestFiles.read("\(Workspace.repository)/specs/bench/\(file)"))
                }
                let image = "swift_image('bench/tiny', package='tiny')\nk8s_yaml('tiny.yaml')\n"
                // The registry of scripts/cluster, which the node pulls from.
                let pulled = try await Self.imageAfterRun(
                    "default_registry('127.0.0.1:15000')\n\(image)", project, cluster)
                #expect(pulled.hasPrefix("127.0.0.1:15000/bench_tiny:devloop-"))

                _ = try await Devloop.run(
                    ["down", "-n", cluster.namespace], in: project.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
                // Another program, so that the node cannot have it yet.
                try project.folder.write(
                    "tiny/Sources/tiny/Banner.swift",
                    try TestFiles.read(project.folder("tiny/Sources/tiny/Banner.swift")).replacing(
                        "\"", with: "\"\(UInt32.random(in: 0...UInt32.max)) ", maxReplacements: 1))
                let loaded = try await Self.imageAfterRun(
                    "image_loader(['\(Workspace.repository)/scripts/cluster', 'load'])\n\(image)", project, cluster)
                #expect(loaded.hasPrefix("bench/tiny:devloop-"))
            }
        }

        @Test func aCommandMakesTheImage() async throws {
            try await Cluster.run("custom") { cluster in
                let socket = "\(cluster.kubeconfig.dropLast("admin.conf".count))run/containerd.sock"
                let project = try Project(
                    """
                    custom_build(
                        'example/site',
                        'ctr -a \(socket) -n k8s.io images tag --force \(Cluster.busybox) docker.io/$EXPECTED_REF',
                        deps=['site.txt'], disable_push=True, skips_local_docker=True)
                    k8s_yaml('app.yaml')

                    """,
                    manifest: Project.deployment(
                        command: ["/bin/busybox", "sleep", "3600"], image: "example/site"))
                try project.folder.write("site.txt", "one\n")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("app", is: "ready")
                    let before = live.last
                    try project.folder.write("site.txt", "two\n")
                    let served = try await live.wait("save.served", resource: "app", after: before)
                    #expect(served["way"] == "image")
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        @Test func localCommandsRunAtTheStartAndOnChangesOnly() async throws {
            try await Cluster.run("local") { cluster in
                let project = try Project(
                    """
                    local_resource('generate', cmd='cat in.txt >> out.log && echo generated', deps=['.'])

                    """)
                try project.folder.write(".devloopignore", "out.log\nignored/\n")
                try project.folder.write("in.txt", "one\n")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("generate", is: "ready")
                    try await live.wait("log.written", resource: "generate") { $0["text"] == "generated" }
                    let before = live.last
                    // What is ignored is no save; one that is none cannot be waited for, so another follows it.
                    try project.folder.write("ignored/x.txt", "nothing\n")
                    try project.folder.write("in.txt", "two\n")
                    let served = try await live.wait("save.served", resource: "generate", after: before)
                    #expect(served["way"] == "run")
                    let files = live.all("file.changed", after: before).flatMap { $0["files"]?.array ?? [] }
                    #expect(files == ["in.txt"])
                    #expect(try TestFiles.read(project.folder("out.log")) == "one\ntwo\n")

                    // A command that fails is told, and the next save runs it again.
                    let good = live.last
                    try project.folder.write(
                        "Devloopfile", "local_resource('generate', cmd='echo broke; exit 3', deps=['.'])\n")
                    let failed = try await live.wait("generate", is: "failed", after: good)
                    #expect(failed["reason"]?.string?.contains("3") == true)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
