// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// `k8s_custom_deploy`, and Pods that follow their configuration.
    @Suite(.serialized)
    struct CustomDeployTests {
        private static let spec = """
            k8s_custom_deploy('app', apply_cmd='echo applying $WORD >&2; kubectl apply -f app.yaml -o yaml',
                delete_cmd='kubectl delete -f app.yaml', deps=['app.yaml'], apply_env={'WORD': 'now'})

            """

        @Test func aCommandAppliesAndDeletes() async throws {
            try await Cluster.run("customdeploy") { cluster in
                let project = try Project(Self.spec, manifest: Project.sleeper)
                let environment = ["KUBECONFIG": cluster.kubeconfig]
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("log.written", resource: "app") { $0["text"] == "applying now" }
                    try await live.wait("object.applied", resource: "app") { $0["object"] == "deployment/app" }
                    try await live.wait("app", is: "starting")
                    let ready = try await live.wait("app", is: "ready")
                    // In the session's namespace, though the user's kubeconfig names another one.
                    #expect(try await cluster.exists(.deployments, "app"))

                    let before = ready["seq"]?.int ?? 0
                    try project.folder.write(
                        "app.yaml", Project.deployment(command: ["/bin/busybox", "sleep", "3601"]))
                    let served = try await live.wait("save.served", resource: "app", after: before)
                    #expect(served["way"] == "image")
                    let deployment = try await cluster.client.get(
                        .deployments, name: "app", namespace: cluster.namespace)
                    let container = deployment.at("spec", "template", "spec", "containers")?[0]
                    #expect(container?["command"]?[2] == "3601")
                    #expect(await live.interrupt() == .exited(130))
                }
                #expect(try await cluster.exists(.deployments, "app"))
                let down = try await Devloop.run(
                    ["down", "-n", cluster.namespace], in: project.path, environment: environment)
                #expect(down.code == 0, "\(down.errorText)")
                #expect(down.errorText.contains("\"app\" deleted"))
                #expect(try await !cluster.exists(.deployments, "app"))
            }
        }

        @Test func podsOfTheNewestVersionOfEachKindAreFollowed() async throws {
            try await Cluster.run("customkinds") { cluster in
                let project = try Project(Self.spec)
                func write(_ seconds: String) throws {
                    let pod = """
                        terminationGracePeriodSeconds: 0, automountServiceAccountToken: false,
                            containers: [{name: main, image: '\(Cluster.busybox)', command: ['/bin/busybox', sleep, '\(seconds)']}]
                        """
                    func template(_ label: String) -> String {
                        "selector: {matchLabels: {app: \(label)}}, template: {metadata: {labels: {app: \(label)}}, spec: {\(pod)}}"
                    }
                    try project.folder.write(
                        "app.yaml",
                        """
                        # kubectl takes a file that begins with a brace for JSON
                        {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {\(template("web"))}}
                        ---
                        {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {serviceName: db, \(template("db"))}}
                        ---
                        {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: log}, spec: {\(template("log"))}}
                        ---
                        {apiVersion: batch/v1, kind: Job, metadata: {name: once}, spec: {template: {spec: {restartPolicy: Never,
                            containers: [{name: main, image: '\(Cluster.busybox)', command: ['/bin/busybox', 'true']}]}}}}
                        """)
                }
                try write("3600")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("app", is: "starting")
                    let ready = try await live.wait("app", is: "ready")
                    try write("3601")
                    try await live.wait("save.served", resource: "app", after: ready["seq"]?.int ?? 0)
                    // Served means that Pods of the new version are ready, one of each kind that runs on.
                    let pods = try await cluster.client.list(.pods, namespace: cluster.namespace).items
                    let running = pods.filter { pod in
                        pod.at("spec", "containers")?[0]?["command"]?[2] == "3601"
                            && pod.at("status", "conditions")?.array?.contains {
                                $0["type"] == "Ready" && $0["status"] == "True"
                            } == true
                    }
                    #expect(
                        Set(running.compactMap { $0.at("metadata", "labels", "app")?.string }) == ["web", "db", "log"])
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        @Test func aCommandThatFailsOrSaysNothingOfUse() async throws {
            try await Cluster.run("customfail") { cluster in
                let environment = ["KUBECONFIG": cluster.kubeconfig]
                for (command, words) in [
                    ("echo the chart is broken >&2; exit 3", ["Devloopfile:1", "apply_cmd ended with exit code 3"]),
                    ("echo 'release: [deployed'", ["Devloopfile:1", "is not the YAML of objects", "-o yaml"]),
                    ("echo deployed", ["Devloopfile:1", "is not the YAML of objects"]),
                ] {
                    let project = try Project(
                        "k8s_custom_deploy('app', apply_cmd=\"\(command)\", delete_cmd='true', deps=[])\n")
                    let result = try await Devloop.run(
                        ["run", "-n", cluster.namespace], in: project.path, environment: environment)
                    #expect(result.code == 1)
                    for word in words { #expect(result.errorText.contains(word), "\(result.errorText)") }
                }
                // A command that has nothing to say is done when it ends.
                let quiet = try Project("k8s_custom_deploy('app', apply_cmd='true', delete_cmd='true', deps=[])\n")
                let result = try await Devloop.run(
                    ["run", "-n", cluster.namespace], in: quiet.path, environment: environment)
                #expect(result.code == 0, "\(result.errorText)")
            }
        }

        // MARK: Configuration

        private static func manifest(_ word: String, _ secret: String) -> String {
            """
            {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {WORD: \(word)}}
            ---
            {apiVersion: v1, kind: Secret, metadata: {name: keys}, stringData: {KEY: \(secret)}}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: app}
            spec:
              selector: {matchLabels: {app: app}}
              template:
                metadata: {labels: {app: app}}
                spec:
                  terminationGracePeriodSeconds: 0
                  automountServiceAccountToken: false
                  containers:
                    - name: app
                      image: \(Cluster.busybox)
                      command: ['/bin/busybox', 'sh', '-c', 'echo word $WORD, $(/bin/busybox cat /keys/KEY | /bin/busybox wc -c) bytes; exec /bin/busybox sleep 3600']
                      envFrom: [{configMapRef: {name: settings}}]
                      volumeMounts: [{name: keys, mountPath: /keys}]
                  volumes: [{name: keys, secret: {secretName: keys}}]

            """
        }

        @Test func podsFollowTheirConfigMapsAndSecrets() async throws {
            try await Cluster.run("config") { cluster in
                let project = try Project(
                    "secret_settings(disable_scrub=True)\nk8s_yaml('app.yaml')\n", manifest: Self.manifest("one", "abc")
                )
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("app", is: "ready")
                    try await live.wait("log.written", resource: "app") { $0["text"] == "word one, 3 bytes" }
                    var before = live.last
                    try project.folder.write("app.yaml", Self.manifest("two", "abc"))
                    try await live.wait("log.written", resource: "app", after: before) {
                        $0["text"] == "word two, 3 bytes"
                    }
                    try await live.wait("save.served", resource: "app", after: before)
                    before = live.last
                    try project.folder.write("app.yaml", Self.manifest("two", "abcdef"))
                    try await live.wait("log.written", resource: "app", after: before) {
                        $0["text"] == "word two, 6 bytes"
                    }
                    try await live.wait("save.served", resource: "app", after: before)

                    // Said otherwise, the ConfigMap changes and the Pods stay.
                    before = live.last
                    try project.folder.write(
                        "Devloopfile",
                        "secret_settings(disable_scrub=True)\nk8s_yaml('app.yaml')\nk8s_resource('app', roll_on_config=False)\n"
                    )
                    try await live.wait("save.served", resource: "app", after: before)
                    let generation = try await Self.generation(cluster)
                    before = live.last
                    try project.folder.write("app.yaml", Self.manifest("three", "abcdef"))
                    try await live.wait("object.applied", resource: "uncategorized", after: before) {
                        $0["object"] == "configmap/settings" && $0["result"] == "configured"
                    }
                    try await live.wait("save.served", resource: "uncategorized", after: before)
                    #expect(try await Self.generation(cluster) == generation)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        private static func generation(_ cluster: Cluster) async throws -> Int? {
            try await cluster.client.get(.deployments, name: "app", namespace: cluster.namespace)
                .at("metadata", "generation")?.int
        }
    }
}
