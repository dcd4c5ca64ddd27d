// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Testing

@testable import HTTPTransport
@testable import KubeClient

/// Who we are, and by which way we come, against the real API server of `scripts/cluster`.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ClusterIdentityTests {
    /// The API server's port and the PEM texts of the kubeconfig's user.
    private struct Facts {
        let selection: KubeConfig.Selection
        let port: Int

        init() throws {
            selection = try ClusterFixture.config().select()
            port = try #require(selection.cluster.server.split(separator: ":").last.flatMap { Int($0) })
        }

        /// The folder of the cluster's authority, beside its kubeconfig.
        var authority: String {
            get throws {
                let file = try #require(try ClusterFixture.config().files.first)
                return file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
                    + "/pki"
            }
        }

        func text(_ pem: TLSSettings.PEM?) throws -> String {
            switch pem {
            case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
            case .file(let path): try TestFiles.read(path)
            case nil: ""
            }
        }

        /// A kubeconfig for the same server with another user.
        func config(user: String, cluster: String = "", server: String? = nil) throws -> KubeConfig {
            let authority = Base64.encode(Array(try text(selection.cluster.certificateAuthority).utf8))
            let text = """
                current-context: x
                clusters: [{name: c, cluster: {server: '\(server ?? selection.cluster.server)', certificate-authority-data: \(authority)\(cluster)}}]
                contexts: [{name: x, context: {cluster: c, user: u}}]
                users: [{name: u, user: \(user)}]
                """
            return try KubeConfig(parsing: Array(text.utf8), file: "/k/config")
        }

        /// The kubeconfig's own user, in the form that `config(user:)` takes.
        var ownUser: String {
            get throws {
                func data(_ pem: TLSSettings.PEM?) throws -> String { Base64.encode(Array(try text(pem).utf8)) }
                return
                    "{client-certificate-data: \(try data(selection.user.clientCertificate)), client-key-data: \(try data(selection.user.clientKey))}"
            }
        }
    }

    /// Signs a certificate for a user with the cluster's own authority, in place of the one that is there.
    private static func issue(_ name: String, into folder: TemporaryDirectory, authority: String) throws {
        let script = """
            set -e
            cd '\(folder.path)'
            openssl req -newkey rsa:2048 -nodes -keyout new.key -out new.csr -subj /CN=\(name)
            openssl x509 -req -in new.csr -CA '\(authority)/ca.crt' -CAkey '\(authority)/ca.key' -set_serial \(UInt32.random(in: 1...UInt32.max)) -out new.crt -days 1
            mv new.key me.key
            mv new.crt me.crt
            """
        let (status, output) = TestProgram.run(["sh", "-c", script])
        guard status == 0 else { throw DevloopError(.process, "openssl: \(output)") }
    }

    /// The name by which the API server knows us, from its words of refusal.
    private static func name(_ client: KubeClient) async throws -> String {
        do {
            _ = try await client.list(.secrets, namespace: "kube-system")
            return "allowed"
        } catch {
            guard let message = error.kubeFailure?.message, let start = message.firstRange(of: "User \"") else {
                throw error
            }
            return String(message[start.upperBound...].prefix { $0 != "\"" })
        }
    }

    /// A client certificate that another program renews on disk: requests, watches and streams use the new one.
    @Test func aCertificateThatIsReplacedIsUsed() async throws {
        let facts = try Facts()
        let folder = try TemporaryDirectory("identity")
        try Self.issue("devloop-first", into: folder, authority: facts.authority)
        let client = try KubeClient(
            config: facts.config(
                user: "{client-certificate: \(folder("me.crt")), client-key: \(folder("me.key"))}"))
        #expect(try await Self.name(client) == "devloop-first")
        try Self.issue("devloop-second", into: folder, authority: facts.authority)
        #expect(try await poll { try await Self.name(client) == "devloop-second" })
        let error = await #expect(throws: DevloopError.self) {
            try await client.exec(namespace: "default", pod: "x", container: "x", command: ["x"])
        }
        #expect(error?.kubeFailure?.message.contains("devloop-second") == true)
        // A certificate that cannot be used is told, and the next one is taken.
        try folder.write("me.crt", "no certificate")
        let broken = await #expect(throws: DevloopError.self) {
            _ = await poll { (try? await Self.name(client)) != "devloop-second" }
            _ = try await Self.name(client)
        }
        #expect(broken?.httpFailure?.kind == .tls)
        try Self.issue("devloop-third", into: folder, authority: facts.authority)
        #expect(await poll { (try? await Self.name(client)) == "devloop-third" })
    }

    /// A plugin may give a certificate in place of a token.
    @Test func aPluginsCertificateSpeaksForUs() async throws {
        let facts = try Facts()
        let folder = try TemporaryDirectory("plugin")
        try Self.issue("devloop-plugin", into: folder, authority: facts.authority)
        let status: JSONValue = [
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
            "status": [
                "clientCertificateData": .string(try TestFiles.read(folder("me.crt"))),
                "clientKeyData": .string(try TestFiles.read(folder("me.key"))),
            ],
        ]
        try folder.write("answer", status.jsonText)
        try folder.write("login", "#!/bin/sh\ncat \(folder("answer"))\n", mode: 0o755)
        let client = try KubeClient(
            config: facts.config(
                user: "{exec: {apiVersion: client.authentication.k8s.io/v1, command: \(folder("login"))}}"))
        #expect(try await Self.name(client) == "devloop-plugin")
    }

    /// A service account's token and folder, as a Pod has them.
    @Test func aServiceAccountSpeaksForUs() async throws {
        let facts = try Facts()
        let admin = try ClusterFixture.connect()
        var secret: JSONValue?
        try await eventually("the default account has a token") {
            secret = try await admin.list(.secrets, namespace: "default").items.first {
                $0["type"]?.string == "kubernetes.io/service-account-token"
            }
            return secret != nil
        }
        let folder = try TemporaryDirectory("account")
        for key in ["token", "ca.crt", "namespace"] {
            let bytes = try #require(secret?.at("data", key)?.string.flatMap { Base64.decode($0) })
            try folder.write(key, String(decoding: bytes, as: UTF8.self))
        }
        let config = try #require(
            KubeConfig.inCluster(
                environment: [
                    "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": String(facts.port),
                ], folder: folder.path))
        let client = try KubeClient(config: config)
        #expect(try await Self.name(client) == "system:serviceaccount:default:default")
        // The kubelet writes a new token: it is used after a refusal without a pause.
        let token = try TestFiles.read(folder("token"))
        let late = try KubeClient(config: config)
        try folder.write("token", "no.token.at.all")
        await #expect(throws: DevloopError.self) { try await Self.name(late) }
        try folder.write("token", token)
        #expect(try await Self.name(late) == "system:serviceaccount:default:default")
    }

    // MARK: proxies

    enum Proxy: String, CaseIterable { case http, https, socks5 }

    /// A proxy that notes which host it is asked for; the name is one that only the proxy knows.
    private static func proxy(to port: Int, _ kind: Proxy, _ asked: SharedList) throws -> FaultServer {
        try FaultServer { connection in
            if kind == .socks5 {
                // RFC 1928: methods, then CONNECT to a name.
                guard let head = connection.read(exactly: 2), connection.read(exactly: Int(head[1])) != nil else {
                    return
                }
                connection.write([5, 0])
                guard let request = connection.read(exactly: 5), request[3] == 3,
                    let name = connection.read(exactly: Int(request[4])), connection.read(exactly: 2) != nil
                else { return }
                asked.add(String(decoding: name, as: UTF8.self))
                connection.write([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            } else {
                guard let (head, _) = connection.readRequest() else { return }
                asked.add(String(head.split(separator: "\r\n")[0]))
                connection.write("HTTP/1.1 200 Connection established\r\n\r\n")
            }
            connection.relay(to: port)
        }
    }

    /// Requests, watches and exec streams go through the proxy that the kubeconfig names.
    @Test(arguments: Proxy.allCases) func goesThroughAProxy(_ kind: Proxy) async throws {
        let facts = try Facts()
        let asked = SharedList()
        let server = try Self.proxy(to: facts.port, kind, asked)
        defer { server.stop() }
        var address = "\(kind.rawValue)://127.0.0.1:\(server.port)"
        var tunnel: TLSFront?
        if kind == .https {
            // The cluster's own server certificate names 127.0.0.1.
            tunnel = try await TLSFront(to: server.port, authority: facts.authority)
            address = "https://127.0.0.1:\(tunnel?.port ?? 0)"
        }
        let client = try KubeClient(
            config: facts.config(
                user: facts.ownUser, cluster: ", proxy-url: '\(address)', tls-server-name: kubernetes",
                server: "https://cluster.invalid:6443"))
        #expect(try await client.serverVersion().hasPrefix("v1."))
        let list = try await client.list(.namespaces)
        #expect(!list.items.isEmpty)
        for await event in client.follow(.namespaces) { if case .connected = event { break } }
        let error = await #expect(throws: DevloopError.self) {
            try await client.exec(namespace: "default", pod: "no-such-pod", container: "x", command: ["x"])
        }
        #expect(error?.kubeFailure?.isNotFound == true, "\(error?.report ?? "")")
        #expect(asked.values.count >= 3)
        let want = kind == .socks5 ? "cluster.invalid" : "CONNECT cluster.invalid:6443 HTTP/1.1"
        #expect(asked.values.allSatisfy { $0 == want }, "\(asked.values)")
        await tunnel?.stop()
    }

    // MARK: HTTP

    /// Fifty requests at once share one connection.
    @Test func requestsShareAConnection() async throws {
        let facts = try Facts()
        let proxy = try FaultProxy(to: facts.port)
        defer { proxy.stop() }
        let client = try KubeClient(
            config: facts.config(user: facts.ownUser, server: "https://127.0.0.1:\(proxy.port)"))
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<50 { group.addTask { _ = try await client.list(.namespaces) } }
        }
        #expect(proxy.connections == 1)
    }

    /// A large answer is packed on its way, and arrives as it is.
    @Test func answersArePacked() async throws {
        let facts = try Facts()
        let proxy = try FaultProxy(to: facts.port)
        defer { proxy.stop() }
        let client = try HTTPClient(tls: facts.selection.tlsSettings())
        var request = HTTPRequest("https://127.0.0.1:\(proxy.port)/openapi/v2", headers: ["Accept": "application/json"])
        let plain = try await client.send(request)
        let plainBytes = proxy.passedBytes
        request.acceptsGzip = true
        let packed = try await client.send(request)
        let packedBytes = proxy.passedBytes - plainBytes
        #expect(packed.headers["Content-Encoding"] == "gzip")
        #expect(packed.body == plain.body)
        #expect(packedBytes < plainBytes / 4, "\(packedBytes) of \(plainBytes)")
    }
}

/// `socat` as the TLS side of a proxy.
private final class TLSFront: Sendable {
    let port: Int
    private let process: ProcessChannel

    init(to target: Int, authority: String) async throws {
        port = try freePort()
        process = try await ProcessRunner.open(
            ProcessCommand([
                "socat",
                "OPENSSL-LISTEN:\(port),bind=127.0.0.1,reuseaddr,fork,cert=\(authority)/apiserver.crt,key=\(authority)/apiserver.key,verify=0",
                "TCP:127.0.0.1:\(target)",
            ]), onError: { _ in })
        let port = port
        let isThere = await poll { (try? await HTTPClient().connect("http://127.0.0.1:\(port)")) != nil }
        guard isThere else { throw DevloopError(.process, "socat does not listen") }
    }

    func stop() async { await process.close() }
}
