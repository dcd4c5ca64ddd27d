// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import KubeClient
import Testing

@Suite struct KubeConfigTests {
    private static let whole = """
        apiVersion: v1
        kind: Config
        current-context: dev
        clusters:
        - name: local
          cluster:
            server: https://127.0.0.1:6443/
            certificate-authority: pki/ca.crt
            tls-server-name: api.local
            proxy-url: http://127.0.0.1:3128
            extensions:
            - name: cluster_info
              extension: {provider: minikube.sigs.k8s.io, version: v1.30.0}
        - name: remote
          cluster: {server: "https://example.org", insecure-skip-tls-verify: true, certificate-authority-data: YWJj}
        contexts:
        - name: dev
          context: {cluster: local, user: me, namespace: shop}
        - name: prod
          context: {cluster: remote, user: plugin}
        users:
        - name: me
          user: {client-certificate: /abs/me.crt, client-key-data: a2V5}
        - name: plugin
          user:
            exec:
              apiVersion: client.authentication.k8s.io/v1beta1
              command: ./bin/login
              args: [get, token]
              env: [{name: REGION, value: eu}]
              installHint: install login
        """

    @Test func readsEverything() throws {
        let config = try KubeConfig(parsing: Array(Self.whole.utf8), file: "/home/me/.kube/config")
        let dev = try config.select()
        #expect(dev.context.name == "dev")
        #expect(dev.context.namespace == "shop")
        #expect(dev.cluster.server == "https://127.0.0.1:6443")
        #expect(dev.cluster.certificateAuthority == .file("/home/me/.kube/pki/ca.crt"))
        #expect(dev.cluster.tlsServerName == "api.local")
        #expect(dev.cluster.proxyURL == "http://127.0.0.1:3128")
        #expect(dev.cluster.providers == ["minikube.sigs.k8s.io"])
        #expect(dev.user.clientCertificate == .file("/abs/me.crt"))
        #expect(dev.user.clientKey == .bytes(Array("key".utf8)))
        #expect(dev.info().isLocal)
        let prod = try config.select("prod")
        #expect(prod.cluster.insecureSkipTLSVerify)
        #expect(prod.cluster.certificateAuthority == .bytes(Array("abc".utf8)))
        #expect(prod.user.exec?.command == "/home/me/.kube/./bin/login")
        #expect(prod.user.exec?.arguments == ["get", "token"])
        #expect(prod.user.exec?.environment == ["REGION": "eu"])
        #expect(prod.user.exec?.installHint == "install login")
        #expect(prod.info().namespace == "default")
        #expect(!prod.info().isLocal)
    }

    struct BadCase: Sendable, CustomTestStringConvertible {
        var text: String
        var line: Int
        var message: String
        var testDescription: String { message }

        static let all: [BadCase] = [
            BadCase(text: "a: b: c", line: 1, message: "mapping values"),
            BadCase(text: "- a", line: 1, message: "kubeconfig must be a mapping"),
            BadCase(text: "\nclusters: text", line: 2, message: "'clusters' must be a list"),
            BadCase(text: "clusters:\n- text", line: 2, message: "must be a mapping"),
            BadCase(text: "clusters:\n- cluster: {server: 'https://a'}", line: 2, message: "no 'name'"),
            BadCase(text: "clusters:\n- name: a", line: 2, message: "no 'cluster'"),
            BadCase(text: "clusters:\n- name: a\n  cluster: {}", line: 3, message: "no 'server'"),
            BadCase(
                text: "clusters:\n- name: a\n  cluster:\n    server: 127.0.0.1", line: 4, message: "no http or https"),
            BadCase(
                text: "clusters:\n- name: a\n  cluster:\n    server: https://a\n    certificate-authority-data: '*'",
                line: 5,
                message: "'certificate-authority-data' is not base64"),
            BadCase(
                text: "clusters:\n- name: a\n  cluster:\n    server: https://a\n    insecure-skip-tls-verify: maybe",
                line: 5,
                message: "must be true or false"),
            BadCase(
                text: "clusters:\n- name: a\n  cluster:\n    server: https://a\n    proxy-url: ftp://user:TOPSECRET@p",
                line: 5,
                message: "'proxy-url' is no http, https or socks5 address"),
            BadCase(
                text: "users:\n- name: a\n  user:\n    exec:\n      command: c\n      apiVersion: v1", line: 6,
                message: "'v1' is no version of client.authentication.k8s.io"),
            BadCase(
                text:
                    "users:\n- name: a\n  user:\n    exec:\n      command: c\n      apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Often",
                line: 7,
                message: "'interactiveMode' must be Never, IfAvailable or Always"),
            BadCase(text: "users:\n- name: a\n  user:\n    token: [x]", line: 4, message: "'token' must be text"),
            BadCase(text: "users:\n- name: a\n  user:\n    exec: {apiVersion: x}", line: 4, message: "no 'command'"),
            BadCase(text: "contexts:\n- name: a\n  context: {user: b}", line: 3, message: "no 'cluster'"),
        ]
    }

    @Test(arguments: BadCase.all) func reportsThePlace(_ test: BadCase) throws {
        let error = #expect(throws: DevloopError.self) {
            try KubeConfig(parsing: Array(test.text.utf8), file: "/f/config")
        }
        #expect(error?.code == .kubeconfig)
        #expect(error?.location?.file == "/f/config")
        #expect(error?.location?.line == test.line)
        #expect(error?.message.contains(test.message) == true, "\(error?.message ?? "")")
        #expect(error?.report.contains("TOPSECRET") == false)
    }

    @Test func secretsStayOutOfErrors() throws {
        let text = "users:\n- name: a\n  user:\n    client-key-data: 'TOPSECRET*'"
        let error = #expect(throws: DevloopError.self) { try KubeConfig(parsing: Array(text.utf8), file: "/f") }
        #expect(error?.report.contains("TOPSECRET") == false)
    }

    @Test func mergesFirstWins() throws {
        let folder = try TemporaryDirectory("kubeconfig")
        let one = try folder.write(
            "a/one",
            "contexts:\n- {name: x, context: {cluster: c, user: ''}}\nclusters:\n- {name: c, cluster: {server: 'https://one'}}"
        )
        let two = try folder.write(
            "b/two",
            """
            current-context: x
            contexts:
            - {name: x, context: {cluster: other, user: u}}
            - {name: y, context: {cluster: d, user: u}}
            clusters:
            - {name: c, cluster: {server: 'https://two'}}
            - {name: d, cluster: {server: 'https://d', certificate-authority: ca.pem}}
            users: [{name: u, user: {token: t}}]
            """)
        let paths = KubeConfig.paths(environment: ["KUBECONFIG": "\(folder("missing")):\(one):\(two)", "HOME": "/h"])
        let config = try KubeConfig.load(paths)
        #expect(config.files == [one, two])
        #expect(try config.select().cluster.server == "https://one")
        #expect(try config.select("y").cluster.certificateAuthority == .file("\(folder("b/ca.pem"))"))
    }

    @Test func emptyWordsCountAsMissing() throws {
        let text = """
            clusters: [{name: c, cluster: {server: 'https://a', tls-server-name: '', proxy-url: ''}}]
            contexts: [{name: x, context: {cluster: c, user: '', namespace: ''}}]
            """
        let selection = try KubeConfig(parsing: Array(text.utf8), file: "/f").select("x")
        #expect(selection.cluster.tlsServerName == nil)
        #expect(selection.cluster.proxyURL == nil)
        #expect(selection.context.namespace == nil)
    }

    @Test func inAPodTheServiceAccountSpeaks() throws {
        let folder = try TemporaryDirectory("account")
        let variables = [
            "KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443", "HOME": folder("home"),
        ]
        // Without a token it is no Pod with an account; without the variables it is no Pod.
        #expect(KubeConfig.inCluster(environment: variables, folder: folder.path) == nil)
        try folder.write("token", "t")
        #expect(KubeConfig.inCluster(environment: ["HOME": "/h"], folder: folder.path) == nil)
        let bare = try #require(KubeConfig.inCluster(environment: variables, folder: folder.path)).select()
        #expect(bare.cluster.certificateAuthority == nil)
        #expect(bare.context.namespace == nil)
        try folder.write("ca.crt", "x")
        try folder.write("namespace", "shop\n")
        let selection = try #require(KubeConfig.inCluster(environment: variables, folder: folder.path)).select()
        #expect(selection.context.name == "in-cluster")
        #expect(selection.context.namespace == "shop")
        #expect(selection.cluster.server == "https://[fd00::1]:6443")
        #expect(selection.cluster.certificateAuthority == .file(folder("ca.crt")))
        #expect(selection.user.tokenFile == folder("token"))
        // A cluster that nobody has allowed, wherever it is.
        #expect(!selection.info().isLocal)
    }

    @Test func missingThings() throws {
        #expect(KubeConfig.paths(environment: ["HOME": "/h"]) == ["/h/.kube/config"])
        #expect(KubeConfig.paths(environment: ["HOME": "/h", "KUBECONFIG": ""]) == ["/h/.kube/config"])
        let missing = #expect(throws: DevloopError.self) { try KubeConfig.load(["/no/such/file"]) }
        #expect(missing?.location?.file == "/no/such/file")
        #expect(missing?.hint != nil)
        let empty = try KubeConfig(parsing: [], file: "/f")
        #expect(throws: DevloopError.self) { try empty.select() }
        let text = "contexts:\n- name: a\n  context: {cluster: gone, user: u}"
        let config = try KubeConfig(parsing: Array(text.utf8), file: "/f")
        let dangling = #expect(throws: DevloopError.self) { try config.select("a") }
        #expect(dangling?.message.contains("'gone'") == true)
        #expect(dangling?.location?.line == 2)
        let unknown = #expect(throws: DevloopError.self) { try config.select("b") }
        #expect(unknown?.hint == "known: a")
    }
}
