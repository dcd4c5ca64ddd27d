// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import HTTPTransport
import Hashing
import ImageDelivery
import ImagePack
import Testing

@testable import Registry

/// Registries that want to know who asks.
@Suite(.timeLimit(.minutes(5)))
struct RegistryAccessTests {
    @Test func aLoginIsUsedAndItsLackIsTold() async throws {
        let registry = try await RegistryProcess(.basic)
        let image = try ImageFixture().image(ref: "web", base: "b", program: "p")
        let error = await #expect(throws: DevloopError.self) {
            try await RegistryClientTests.push(registry).deliver(image)
        }
        #expect(error?.message.contains("401") == true)
        #expect(error?.hint?.contains("docker login \(registry.host)") == true)
        let delivery = try await RegistryClientTests.push(registry, credentials: try registry.login()).deliver(image)
        #expect(delivery.way == "registry")
        #expect(delivery.sent > image.size)
    }

    @Test func aWrongPasswordIsTold() async throws {
        let registry = try await RegistryProcess(.basic)
        let image = try ImageFixture().image(ref: "web", base: "b", program: "p")
        let file = try registry.folder.write(
            "config.json", #"{"auths": {"\#(registry.host)": {"username": "ann", "password": "no-secret"}}}"#)
        let error = await #expect(throws: DevloopError.self) {
            try await RegistryClientTests.push(registry, credentials: file).deliver(image)
        }
        #expect(error?.hint?.contains("docker login") == true)
        #expect(error.map { "\($0.report)" }?.contains("no-secret") == false)
    }

    @Test func aHelperIsAskedOverItsInput() async throws {
        let registry = try await RegistryProcess(.basic)
        let image = try ImageFixture().image(ref: "web", base: "b", program: "p")
        let script = """
            #!/bin/sh
            read -r server
            [ "$1 $server" = "get \(registry.host)" ] || { echo "credentials not found"; exit 1; }
            echo '{"ServerURL": "x", "Username": "ann", "Secret": "secret"}'

            """
        let name = unique("devlooptest")
        // Programs are searched on PATH, which is the same for all tests.
        let program = "/usr/local/bin/docker-credential-\(name)"
        try TestFiles.write(program, script, mode: 0o755)
        defer { TestFiles.remove(program) }
        let file = try registry.folder.write("config.json", #"{"credHelpers": {"\#(registry.host)": "\#(name)"}}"#)
        _ = try await RegistryClientTests.push(registry, credentials: file).deliver(image)

        let missing = try registry.folder.write("config.json", #"{"credsStore": "devloop-nowhere"}"#)
        let error = await #expect(throws: DevloopError.self) {
            try await RegistryClientTests.push(registry, credentials: missing).deliver(
                try ImageFixture().image(ref: "web", base: "b", program: "q"))
        }
        #expect(error?.hint?.contains("docker-credential-devloop-nowhere") == true)
    }

    @Test func tokensAreFetchedForEachScope() async throws {
        let tokens = try TokenServer()
        defer { tokens.stop() }
        let registry = try await RegistryProcess(.token(realm: tokens.realm, certificate: tokens.certificate.file))
        let fixture = try ImageFixture()
        let base = unique("base") + String(repeating: ".", count: 50_000)
        let push = try RegistryClientTests.push(registry, credentials: try registry.login())
        let image = try fixture.image(ref: "one", base: base, program: "1")
        #expect(try await push.deliver(image).way == "registry")
        // A mount needs a token for both repositories.
        let second = try fixture.image(ref: "two", base: base, program: "2")
        let delivery = try await push.deliver(second)
        #expect(delivery.sent == second.layers[1].size + second.configuration.count + second.manifest.count)
        #expect(
            tokens.requests.contains {
                $0.contains("repository%3Aone%3Apull&") || $0.contains("repository%3Aone%3Apull ")
            })

        // Everybody may pull.
        let anonymous = try RegistryClientTests.client(registry)
        #expect(try await anonymous.manifestDigest("one", image.tag) == image.manifestDigest)
        let error = await #expect(throws: DevloopError.self) {
            try await RegistryClientTests.push(registry).deliver(fixture.image(ref: "one", base: base, program: "3"))
        }
        #expect(error?.message.contains("401") == true, "\(error?.message ?? "")")
        #expect(error?.hint?.contains("docker login") == true)
    }

    @Test func aRegistryWithTLSIsTrustedByItsAuthority() async throws {
        let folder = try TemporaryDirectory("tls")
        let certificate = try TestCertificate(in: folder, name: "registry", alternative: "IP:0.0.0.0")
        let registry = try await RegistryProcess(certificate: (certificate.file, certificate.key))
        let fixture = try ImageFixture()
        let text = String(repeating: "compressible ", count: 10_000)
        let image = try fixture.image(ref: "web", base: text, program: unique("p"))
        // An address of this machine that does not look like one, so that it is treated as any other host.
        let host = "0.0.0.0:\(registry.port)"
        let compressor = LayerCompressor(cache: try BlobCache(folder: folder("cache")))
        func push(_ client: HTTPClient) -> RegistryPush {
            RegistryPush(
                client: client, host: host, hostFromCluster: nil, singleName: "",
                credentials: DockerCredentials(file: nil), compressor: compressor, retry: RegistryClientTests.quick)
        }
        let error = await #expect(throws: DevloopError.self) { try await push(try HTTPClient()).deliver(image) }
        #expect(error?.code == .image)
        #expect(error?.hint?.contains("certs.d/\(host)/ca.crt") == true, "\(error?.report ?? "")")

        let trusting = try HTTPClient(tls: TLSSettings(certificateAuthority: .file(certificate.file)))
        let delivery = try await push(trusting).deliver(image)
        // The layers went as gzip; the tag is that of the same image anywhere.
        #expect(delivery.sent < image.size / 10)
        #expect(delivery.reference == "\(host)/web:\(image.tag)")
        #expect(try await push(trusting).deliver(image).way == "already there")
        let client = RegistryClient(
            host: RegistryHost(host), http: trusting, credentials: DockerCredentials(file: nil))
        let manifest = try JSONValue(parsing: try #require(try await client.manifest("web", image.tag)).bytes)
        #expect(manifest["layers"]?[0]?["mediaType"]?.string == MediaType.gzipLayer)
        let digest = try #require(manifest["layers"]?[0]?["digest"]?.string.flatMap(ContentDigest.init))
        let size = try #require(manifest["layers"]?[0]?["size"]?.int)
        let cache = try BlobCache(folder: folder("other"))
        try await client.fetch("web", digest, size: size, into: cache)
        let plain = TestProgram.run(["sh", "-c", "gzip -dc < \(cache.path(digest)) | sha256sum"]).output
        #expect(plain.hasPrefix(image.layers[0].diffID.hex))
    }

    /// `WWW-Authenticate`, and what is understood.
    static let challenges: [(String, AuthenticationChallenge?)] = [
        ("Basic realm=\"x\"", .basic), ("basic", .basic), ("Negotiate", nil), ("Bearer", nil),
        (
            "Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:a:pull,push\"",
            .bearer(realm: "https://a/t", service: "s")
        ),
        ("bearer service=s, realm=https://a/t", .bearer(realm: "https://a/t", service: "s")),
        ("Bearer realm=\"https://a/t?x=\\\"1\\\"\"", .bearer(realm: "https://a/t?x=\"1\"", service: nil)),
    ]

    @Test(arguments: challenges) func challengesAreRead(_ text: String, _ wanted: AuthenticationChallenge?) {
        #expect(AuthenticationChallenge([text]) == wanted)
    }

    /// Registry, variables, and the proxy that leads to it.
    static let proxies: [(String, [String: String], String?)] = [
        ("ghcr.io", [:], nil), ("ghcr.io", ["HTTPS_PROXY": ""], nil),
        ("ghcr.io", ["HTTPS_PROXY": "http://p:3128"], "http://p:3128"),
        ("ghcr.io", ["https_proxy": "p:3128"], "http://p:3128"),
        ("127.0.0.1:5000", ["HTTPS_PROXY": "http://p"], nil),
        ("ghcr.io", ["HTTPS_PROXY": "http://p", "NO_PROXY": "*"], nil),
        ("ghcr.io", ["HTTPS_PROXY": "http://p", "NO_PROXY": "a, ghcr.io"], nil),
        ("r.corp:5000", ["HTTPS_PROXY": "http://p", "no_proxy": ".corp"], nil),
        ("r.corp:5000", ["HTTPS_PROXY": "http://p", "NO_PROXY": "r.corp:5001"], "http://p"),
        ("notcorp", ["HTTPS_PROXY": "http://p", "NO_PROXY": "corp"], "http://p"),
        ("docker.io", ["HTTPS_PROXY": "http://p", "NO_PROXY": "docker.io"], nil),
    ]

    @Test(arguments: proxies) func proxiesAreChosen(_ host: String, _ variables: [String: String], _ wanted: String?) {
        #expect(RegistryProxy.choose(RegistryHost(host), variables) == wanted)
    }

    @Test func passwordsGoNowhereWithoutTLS() {
        let credential = DockerCredentials.Credential(user: "ann", secret: "s", identityToken: nil)
        let scope = RegistryScope.push("a", from: "b")
        #expect(RegistryAuthorization.request("http://tokens.example/t", nil, scope, credential) == nil)
        #expect(RegistryAuthorization.request("http://tokens.example/t", nil, scope, nil) != nil)
        let loopback = RegistryAuthorization.request("http://127.0.0.1:1/t", "s x", scope, credential)
        #expect(
            loopback?.url
                == "http://127.0.0.1:1/t?service=s%20x&scope=repository%3Aa%3Apull%2Cpush&scope=repository%3Ab%3Apull")
        let token = DockerCredentials.Credential(user: "", secret: "", identityToken: "tok&en")
        let exchange = RegistryAuthorization.request("https://tokens.example/t", "s", scope, token)
        #expect(exchange?.method == "POST")
        #expect(exchange?.url == "https://tokens.example/t")
        #expect(exchange?.body.map { String(decoding: $0, as: UTF8.self) }?.contains("refresh_token=tok%26en") == true)
    }
}
