// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// What a spec asks of a session: probes, edges, overrides, secrets, buttons; each for real.
    @Suite(.serialized)
    struct SpecFeatureTests {
        @Test func serversAreProbedAndEdgesHold() async throws {
            try await Cluster.run("edges") { cluster in
                let port = try freePort()
                let project = try Project(
                    """
                    local_resource('schema', cmd='echo schema $(cat schema.txt)', deps=['schema.txt'])
                    local_resource('client', cmd='echo client $(cat schema.txt)', rebuilt_by=['schema'])
                    local_resource('http', serve_cmd=['python3', '-m', 'http.server', '\(port)', '--bind', '127.0.0.1'],
                        after=['schema'],
                        readiness_probe=probe(period_secs=1, http_get=http_get_action(\(port), host='127.0.0.1')))
                    local_resource('tcp', serve_cmd='sleep 3600', resource_deps=['http'],
                        readiness_probe=probe(period_secs=1, tcp_socket=tcp_socket_action(\(port), host='127.0.0.1')))
                    local_resource('exec', serve_cmd='sleep 3600', readiness_probe=probe(
                        period_secs=1, failure_threshold=1, exec=exec_action(['test', '-e', 'there'])))

                    """)
                try project.folder.write("schema.txt", "one\n")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    for name in ["client", "http", "tcp"] { try await live.wait(name, is: "ready") }
                    try await live.wait("resource.changed", resource: "exec") {
                        $0["reason"]?.string?.hasPrefix("readiness probe: test -e there: exit code 1") == true
                    }
                    try project.folder.write("there", "")
                    try await live.wait("exec", is: "ready")
                    let before = live.last
                    try project.folder.write("schema.txt", "two\n")
                    try await live.wait("log.written", resource: "client", after: before) { $0["text"] == "client two" }
                    let order = live.all("log.written", after: before).compactMap { $0["text"]?.string }
                    #expect(order.filter { $0.hasSuffix("two") } == ["schema two", "client two"])
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        @Test func theSpecChangesTheContainerAndHidesSecrets() async throws {
            try await Cluster.run("overrides") { cluster in
                let socket = "\(cluster.kubeconfig.dropLast("admin.conf".count))run/containerd.sock"
                let project = try Project(
                    """
                    load('ext://secret', 'secret_from_dict')
                    custom_build(
                        'example/over',
                        'ctr -a \(socket) -n k8s.io images tag --force \(Cluster.busybox) docker.io/$EXPECTED_REF',
                        deps=['site.txt'], disable_push=True, match_in_env_vars=True,
                        entrypoint=['/bin/busybox', 'sh', '-c', 'echo image $SELF; echo pass correct-horse; sleep 3600'])
                    k8s_yaml(secret_from_dict('login', inputs={'pass': 'correct-horse'}))
                    k8s_yaml('app.yaml')

                    """,
                    manifest: Project.deployment(command: ["/bin/busybox", "false"], image: "example/over")
                        + "          env: [{name: SELF, value: example/over}]\n")
                try project.folder.write("site.txt", "one\n")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("app", is: "ready")
                    try await live.wait("log.written", resource: "app") {
                        $0["text"]?.string?.hasPrefix("image example/over:devloop-") == true
                    }
                    try await live.wait("log.written", resource: "app") {
                        $0["text"] == "pass [redacted secret login:pass]"
                    }
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        @Test func podsOfOthersBelongByTheirLabels() async throws {
            try await Cluster.run("selectors") { cluster in
                let outsider: JSONValue = [
                    "apiVersion": "v1", "kind": "Pod",
                    "metadata": ["name": "outsider", "labels": ["team": "x"]],
                    "spec": [
                        "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": false,
                        "containers": [
                            [
                                "name": "main", "image": .string(Cluster.busybox),
                                "command": ["/bin/busybox", "sh", "-c", "echo outsider speaks; sleep 3600"],
                            ]
                        ],
                    ],
                ]
                _ = try await cluster.client.apply(outsider, namespace: cluster.namespace)
                let project = try Project(
                    """
                    k8s_yaml(blob('{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}'))
                    k8s_resource(new_name='group', objects=['settings'], extra_pod_selectors={'team': 'x'})

                    """)
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("group", is: "ready")
                    let changed = try await live.wait("pod.changed", resource: "group") { $0["pod"] == "outsider" }
                    #expect(changed["resource"] == "group")
                    try await live.wait("log.written", resource: "group") { $0["text"] == "outsider speaks" }
                    #expect(await live.interrupt() == .exited(130))
                }
                // What was there before stays.
                let down = try await Devloop.run(
                    ["down", "-n", cluster.namespace], in: project.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
                #expect(down.code == 0)
                let pod = try await cluster.client.get(.pods, name: "outsider", namespace: cluster.namespace)
                #expect(pod.at("metadata", "deletionTimestamp") == nil)
            }
        }
    }
}
