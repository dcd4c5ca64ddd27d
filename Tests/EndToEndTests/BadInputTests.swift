// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// One clear message with place and hint, and the exit code of the table (design §4.1).
    @Suite(.serialized)
    struct BadInputTests {
        struct Case: Sendable, CustomTestStringConvertible {
            var name: String
            /// The Devloopfile; nil for none.
            var spec: String? = "k8s_yaml('app.yaml')\n"
            var manifest: String? = Project.sleeper
            var code: Int32
            /// All of these are in what is said.
            var says: [String]
            var testDescription: String { name }
        }

        static let specs: [Case] = [
            Case(name: "no Devloopfile", spec: nil, code: 3, says: ["Devloopfile"]),
            Case(name: "not Starlark", spec: "x = 1\nk8s_yaml('app.yaml'\n", code: 3, says: ["Devloopfile:"]),
            Case(
                name: "no such function", spec: "\n\nk8s_yamll('app.yaml')\n", code: 3,
                says: ["Devloopfile:3:1:", "k8s_yamll"]),
            Case(
                name: "no such argument", spec: "k8s_yaml('app.yaml', alow_duplicates=True)\n", code: 3,
                says: ["Devloopfile:1:", "alow_duplicates"]),
            Case(
                name: "no such manifest", spec: "k8s_yaml('gone.yaml')\n", code: 3,
                says: ["Devloopfile:1:", "gone.yaml"]),
            Case(
                name: "a manifest that is not YAML", manifest: "apiVersion: v1\nkind: [ConfigMap\nmetadata: {}\n",
                code: 3,
                says: ["app.yaml:"]),
            Case(
                name: "a manifest that is no object", manifest: "- just\n- a list\n", code: 3, says: ["app.yaml"]),
            Case(
                name: "a kind that the cluster lacks",
                manifest: "apiVersion: example.org/v1\nkind: Nothing\nmetadata: {name: x}\n", code: 1,
                says: ["app.yaml:1", "Nothing"]),
            Case(
                name: "an object that the cluster refuses",
                manifest: "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: 99999}]}\n",
                code: 1,
                says: ["app.yaml:1", "99999"]),
            Case(
                name: "an image that cannot be pulled",
                manifest: Project.deployment(command: ["/x"], image: "127.0.0.1:15000/absent:1"), code: 1,
                says: ["127.0.0.1:15000/absent:1", "cannot be pulled"]),
        ]

        @Test(arguments: specs) func oneShotCommandsEndWithACause(_ item: Case) async throws {
            try await Cluster.run("bad") { cluster in
                let project = try Project(item.spec, manifest: item.manifest)
                let result = try await Devloop.run(
                    ["run", "-n", cluster.namespace], in: project.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
                Self.check(result, code: item.code, says: item.says)
            }
        }

        private static func check(_ result: ProcessResult, code: Int32, says: [String]) {
            let text = result.errorText
            #expect(result.code == code, "\(text)")
            for word in says { #expect(text.contains(word), "'\(word)' is not in:\n\(text)") }
            #expect(text.contains("hint: "), "no hint in:\n\(text)")
            // One message, not a heap of them.
            #expect(text.split(separator: "\n").filter { $0.hasPrefix("error: ") }.count == 1, "\(text)")
        }

        struct Config: Sendable, CustomTestStringConvertible {
            var name: String
            /// Makes the kubeconfig out of the good one; nil means that there is none.
            var change: @Sendable (String) throws -> String?
            var code: Int32
            var says: [String]
            var testDescription: String { name }
        }

        static let configs: [Config] = [
            Config(name: "no kubeconfig", change: { _ in nil }, code: 4, says: ["kubeconfig"]),
            Config(
                name: "a kubeconfig that is not YAML", change: { _ in "apiVersion: v1\nclusters: [\n" }, code: 4,
                says: ["config:"]),
            Config(
                name: "a context that is not there",
                change: { $0.replacing("current-context: devloop-local", with: "current-context: gone") }, code: 4,
                says: ["gone"]),
            Config(
                name: "a server that is not there",
                change: { try $0.replacing(":16443", with: ":\(freePort())") }, code: 4, says: ["127.0.0.1"]),
            Config(
                name: "a cluster that is not on this machine",
                change: { text in
                    text.replacing("devloop-local", with: "production")
                        .replacing("https://127.0.0.1:16443", with: "https://prod.example.com:6443")
                }, code: 3, says: ["production"]),
        ]

        @Test(arguments: configs) func aBadKubeconfigIsTold(_ item: Config) async throws {
            let project = try Project(manifest: Project.sleeper)
            let path = project.folder("home/config")
            if let text = try item.change(try TestFiles.read(try Cluster.path())) { try TestFiles.write(path, text) }
            let result = try await Devloop.run(
                ["run", "-n", "devloop-e2e-none"], in: project.path, environment: ["KUBECONFIG": path])
            Self.check(result, code: item.code, says: item.says)
        }

        @Test func aContextThatIsNotAllowedIsAskedNothing() async throws {
            // Commands of the spec would run against it too.
            let project = try Project("local('touch ran')\nk8s_yaml('app.yaml')\n", manifest: Project.sleeper)
            let text = try TestFiles.read(try Cluster.path()).replacing("devloop-local", with: "production")
                .replacing("https://127.0.0.1:16443", with: "https://prod.example.com:6443")
            try project.folder.write("config", text)
            let result = try await Devloop.run(
                ["run"], in: project.path, environment: ["KUBECONFIG": project.folder("config")])
            #expect(result.code == 3)
            #expect(result.errorText.contains("allow_k8s_contexts(\"production\")"))
            #expect(!TestFiles.exists(project.folder("ran")))
        }

        /// A name alone makes no minikube; the label that minikube gives its node does.
        @Test func aMinikubeIsKnownByItsNode() async throws {
            try await Cluster.run("minikube") { cluster in
                let project = try Project(manifest: Project.sleeper)
                try project.folder.write(
                    "config", try TestFiles.read(cluster.kubeconfig).replacing("devloop-local", with: "minikube"))
                func run() async throws -> ProcessResult {
                    try await Devloop.run(
                        ["run", "-n", cluster.namespace], in: project.path,
                        environment: ["KUBECONFIG": project.folder("config")])
                }
                Self.check(try await run(), code: 3, says: ["minikube", "nothing in the kubeconfig says"])
                let node = try #require(try await cluster.client.nodes().first?.at("metadata", "name")?.string)
                let label = "minikube.k8s.io/name"
                try await cluster.kubectl("label", "node", node, "\(label)=minikube")
                let result = try await run()
                #expect(result.code == 0, "\(result.errorText)")
                try await cluster.kubectl("label", "node", node, "\(label)-")
            }
        }

        @Test func aClusterThatForbidsIsTold() async throws {
            try await Cluster.run("rbac") { cluster in
                let project = try Project(manifest: Project.sleeper)
                try project.folder.write("config", try await cluster.kubeconfigWithoutRights())
                let result = try await Devloop.run(
                    ["run", "-n", cluster.namespace], in: project.path,
                    environment: ["KUBECONFIG": project.folder("config")])
                Self.check(result, code: 4, says: ["forbidden"])
                #expect(try await !cluster.exists(.deployments, "app"))
            }
        }
    }
}
