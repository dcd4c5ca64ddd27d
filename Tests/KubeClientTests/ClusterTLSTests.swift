// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import HTTPTransport
import KubeClient
import Testing

/// TLS to the real API server that `KUBECONFIG` names: whom we trust, who we are, and what is left behind.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ClusterTLSTests {
    private static func selection() throws -> KubeConfig.Selection {
        let environment = getenv("KUBECONFIG").map { ["KUBECONFIG": String(cString: $0)] }
        guard let environment else {
            throw DevloopError(
                .kubeconfig, "KUBECONFIG is not set", hint: "start a cluster: eval \"$(scripts/cluster env)\"")
        }
        return try KubeConfig.load(KubeConfig.paths(environment: environment)).select()
    }

    private static func tls(_ selection: KubeConfig.Selection) -> TLSSettings {
        TLSSettings(
            certificateAuthority: selection.cluster.certificateAuthority,
            clientCertificate: selection.user.clientCertificate, clientKey: selection.user.clientKey)
    }

    private static func ask(_ selection: KubeConfig.Selection, _ tls: TLSSettings) async throws -> Int {
        try await HTTPClient(tls: tls).send(HTTPRequest(selection.cluster.server + "/api/v1/nodes")).status
    }

    @Test func trustsOnlyTheGivenAuthority() async throws {
        let selection = try Self.selection()
        var tls = Self.tls(selection)
        #expect(try await Self.ask(selection, tls) == 200)
        tls.certificateAuthority = nil
        let error = await #expect(throws: DevloopError.self) { try await Self.ask(selection, tls) }
        #expect(error?.code == .clusterUnreachable)
        #expect((error?.cause as? HTTPFailure)?.kind == .tls)
        #expect(error?.hint?.contains("certificate authority") == true)
        tls.insecureSkipVerify = true
        #expect(try await Self.ask(selection, tls) == 200)
    }

    @Test func verifiesTheGivenServerName() async throws {
        let selection = try Self.selection()
        var tls = Self.tls(selection)
        // Every API server's certificate carries this name.
        tls.serverName = "kubernetes.default"
        #expect(try await Self.ask(selection, tls) == 200)
        let connection = try await HTTPClient(tls: tls).connect(selection.cluster.server)
        await connection.close()
        tls.serverName = "somebody.example"
        let error = await #expect(throws: DevloopError.self) { try await Self.ask(selection, tls) }
        #expect((error?.cause as? HTTPFailure)?.kind == .tls)
    }

    @Test func withoutIdentityTheServerRefuses() async throws {
        let selection = try Self.selection()
        var tls = Self.tls(selection)
        tls.clientCertificate = nil
        tls.clientKey = nil
        let status = try await Self.ask(selection, tls)
        #expect(status == 401 || status == 403)
        tls.clientCertificate = .bytes(Array("no certificate".utf8))
        tls.clientKey = .bytes(Array("TOPSECRET".utf8))
        let error = await #expect(throws: DevloopError.self) { try await Self.ask(selection, tls) }
        #expect((error?.cause as? HTTPFailure)?.kind == .tls)
        #expect(error?.report.contains("TOPSECRET") == false)
    }

    @Test func speaksHTTP2AndKeepsStreamsApart() async throws {
        let selection = try Self.selection()
        let client = try HTTPClient(tls: Self.tls(selection))
        // A stream that nobody reads does not hold up other requests.
        let (head, body) = try await client.stream(HTTPRequest(selection.cluster.server + "/openapi/v2"))
        #expect(head.status == 200)
        for _ in 0..<20 {
            let request = HTTPRequest(selection.cluster.server + "/version", deadline: .seconds(5))
            #expect(try await client.send(request).status == 200)
        }
        var count = 0
        for try await chunk in body { count += chunk.count }
        #expect(count > 100_000)
    }

    @Test func aThousandConnectionsLeaveNothing() async throws {
        let selection = try Self.selection()
        let client = try HTTPClient(tls: Self.tls(selection))
        func cycle() async throws { try await client.connect(selection.cluster.server).close() }
        for _ in 0..<200 { try await cycle() }
        var growths: [Int] = []
        repeat {
            let before = Self.residentBytes()
            for _ in 0..<1_000 { try await cycle() }
            growths.append(Self.residentBytes() - before)
        } while growths.last ?? 0 >= 3 << 20 && growths.count < 3
        // A TLS session with its certificates has tens of kilobytes: a thousand would be far more.
        #expect((growths.last ?? 0) < 3 << 20, "grew by \(growths) bytes")
    }

    private static func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = fread(&buffer, 1, buffer.count, file)
        let fields = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(getpagesize())
    }
}
