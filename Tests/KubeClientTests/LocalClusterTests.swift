// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient
import Testing

/// What a kubeconfig tells of Minikube, and the announcement of a local registry.
struct LocalClusterTests {
    private static func kubeconfig(_ certificate: String, _ authority: String) -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: dev
        clusters:
        - name: dev
          cluster:
            server: https://192.168.49.2:8443
            \(authority)
            extensions:
            - name: cluster_info
              extension: {provider: minikube.sigs.k8s.io, version: v1.39.0, last-update: "Tue, 01 Sep 2026 10:00:00 UTC"}
        users:
        - name: dev
          user:
            \(certificate)
        contexts:
        - name: dev
          context: {cluster: dev, user: dev}
        """
    }

    @Test(
        arguments: [
            (
                "client-certificate: /u/.minikube/profiles/dev/client.crt",
                "certificate-authority: /u/.minikube/ca.crt", "/u/.minikube"
            ),
            ("client-certificate: /data/mk/profiles/dev/client.crt", "insecure-skip-tls-verify: true", "/data/mk"),
            ("client-certificate: .minikube/profiles/dev/client.crt", "insecure-skip-tls-verify: true", "/u/.minikube"),
            ("token: t", "certificate-authority: /u/.minikube/ca.crt", "/u/.minikube"),
            ("client-certificate-data: AAAA", "certificate-authority-data: AAAA", nil),
            ("client-certificate: /u/certs/me.crt", "certificate-authority: /u/certs/root.pem", nil),
        ] as [(String, String, String?)])
    func tracesOfMinikube(certificate: String, authority: String, home: String?) throws {
        let config = try KubeConfig(parsing: Array(Self.kubeconfig(certificate, authority).utf8), file: "/u/config")
        let selection = try config.select()
        #expect(selection.minikubeTraces == MinikubeTraces(profile: "dev", home: home))
        #expect(selection.info().kind == .minikube)
    }

    @Test func theProfileIsInThePathOfTheCertificate() throws {
        let text = Self.kubeconfig(
            "client-certificate: /u/.minikube/profiles/other/client.crt", "insecure-skip-tls-verify: true")
        let traces = try KubeConfig(parsing: Array(text.utf8), file: "/u/config").select().minikubeTraces
        #expect(traces.profile == "other")
    }

    private static func map(_ text: String?) -> JSONValue {
        ["data": text.map { ["localRegistryHosting.v1": .string($0)] } ?? [:]]
    }

    @Test func announcedRegistriesAreRead() throws {
        let full = try RegistryHosting(
            configMap: Self.map(
                """
                host: "localhost:5000"
                hostFromContainerRuntime: "registry:5000"
                hostFromClusterNetwork: "kind-registry:5000"
                help: "https://registry.test/help"
                """))
        #expect(
            full
                == RegistryHosting(
                    host: "localhost:5000", hostFromContainerRuntime: "registry:5000",
                    help: "https://registry.test/help"))
        let short = try RegistryHosting(configMap: Self.map("host: localhost:5001\n"))
        #expect(short == RegistryHosting(host: "localhost:5001", hostFromContainerRuntime: "localhost:5001"))
    }

    @Test(
        arguments: [
            (nil, "has no 'localRegistryHosting.v1'"), ("host: [", "is not YAML"), ("help: x", "has no host"),
            ("", "has no host"),
            ("host: ''", "has no host"), ("- a", "has no host"),
        ] as [(String?, String)]) func brokenAnnouncements(text: String?, words: String) throws
    {
        let error = #expect(throws: DevloopError.self) { try RegistryHosting(configMap: Self.map(text)) }
        #expect(error?.message.contains(words) == true)
        #expect(error?.location?.file == "configmap kube-public/local-registry-hosting")
        #expect(error?.hint != nil)
    }
}
