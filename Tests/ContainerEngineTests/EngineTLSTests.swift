// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import DevloopTestSupport
import ImageDelivery
import ImagePack
import ProcessRunner
import Testing

/// A real engine over TLS with client certificates, as `minikube docker-env` leads to one.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct EngineTLSTests {
    /// Certificates by the names that Docker gives them: a new authority, a server and a client.
    static func makeCertificates(in folder: TemporaryDirectory) throws {
        try folder.write("server.cnf", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        try folder.write("client.cnf", "extendedKeyUsage=clientAuth\n")
        try openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=devloop test authority",
            "-keyout",
            folder("ca-key.pem"), "-out", folder("ca.pem"))
        for (name, prefix) in [("server", "server-"), ("client", "")] {
            try openssl(
                "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(name)", "-keyout", folder("\(prefix)key.pem"),
                "-out", folder("\(name).csr"))
            try openssl(
                "x509", "-req", "-days", "2", "-in", folder("\(name).csr"), "-CA", folder("ca.pem"), "-CAkey",
                folder("ca-key.pem"), "-CAcreateserial", "-extfile", folder("\(name).cnf"), "-out",
                folder("\(prefix)cert.pem"))
        }
    }

    private static func openssl(_ words: String...) throws {
        let (status, output) = TestProgram.run(["openssl"] + words)
        guard status == 0 else { throw DevloopError(.process, "openssl: \(output)") }
    }

    @Test func imagesGoToTheNodesEngine() async throws {
        let folder = try TemporaryDirectory("tls")
        try Self.makeCertificates(in: folder)
        let port = try freePort()
        // What `minikube docker-env -o json` prints.
        let environment = [
            "DOCKER_TLS_VERIFY": "1", "DOCKER_HOST": "tcp://127.0.0.1:\(port)", "DOCKER_CERT_PATH": folder.path,
            "MINIKUBE_ACTIVE_DOCKERD": "minikube",
        ]
        let endpoint = try EngineEndpoint.resolve(environment)
        #expect(endpoint.address == .tls("127.0.0.1:\(port)"))
        #expect(endpoint.variables["DOCKER_CERT_PATH"] == folder.path)
        let daemon = try await EngineDaemon(
            folder: folder, endpoint: endpoint,
            listen: [
                "-H", "tcp://127.0.0.1:\(port)", "--tlsverify", "--tlscacert", folder("ca.pem"), "--tlscert",
                folder("server-cert.pem"), "--tlskey", folder("server-key.pem"),
            ])

        let packed = try EngineBuildTests.packed(unique("devloop.test/tls"))
        let delivery = EngineLoad(try daemon.client(), summary: "test")
        #expect(try await delivery.deliver(packed).way == "full archive")
        #expect(try await delivery.deliver(packed).way == "already there")

        // Built there: nothing is to be sent.
        let fixture = try BuildFixture(EngineBuildTests.copying)
        let id = try await fixture.build(try fixture.request(), with: try daemon.builder())
        #expect(try await daemon.client().image(id) != nil)

        let other = try TemporaryDirectory("other")
        try Self.makeCertificates(in: other)
        for (what, certificates) in [("another authority", other.path), ("no certificates", other("none"))] {
            var wrong = environment
            wrong["DOCKER_CERT_PATH"] = certificates
            let error = await #expect(throws: DevloopError.self, "\(what)") {
                try await EngineClient(try EngineEndpoint.resolve(wrong)).connect()
            }
            #expect(error?.code == .image)
            #expect(error?.message.contains("127.0.0.1:\(port)") == true)
        }
        // The server is the right one, and the client shows nothing.
        try TestFiles.write(other("ca.pem"), try TestFiles.read(folder("ca.pem")))
        for name in ["cert.pem", "key.pem"] { TestFiles.remove(other(name)) }
        var nameless = environment
        nameless["DOCKER_CERT_PATH"] = other.path
        let endpointWithoutKey = try EngineEndpoint.resolve(nameless)
        await #expect(throws: DevloopError.self) { try await EngineClient(endpointWithoutKey).connect() }
        await daemon.stop()
    }
}
