// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Testing

/// Where an engine is looked for.
struct EndpointTests {
    struct Case: Sendable {
        var environment: [String: String]
        var url: String
        var isTLS = false
    }

    static let cases = [
        Case(environment: [:], url: "unix:///var/run/docker.sock"),
        Case(environment: ["DOCKER_HOST": ""], url: "unix:///var/run/docker.sock"),
        Case(environment: ["DOCKER_HOST": "unix:///run/x.sock"], url: "unix:///run/x.sock"),
        Case(environment: ["DOCKER_HOST": "tcp://10.0.0.1:2375"], url: "tcp://10.0.0.1:2375"),
        Case(environment: ["DOCKER_HOST": "tcp://10.0.0.1"], url: "tcp://10.0.0.1:2375"),
        Case(
            environment: ["DOCKER_HOST": "tcp://10.0.0.1", "DOCKER_TLS_VERIFY": "1"], url: "tcp://10.0.0.1:2376",
            isTLS: true),
        Case(environment: ["DOCKER_HOST": "tcp://h:1/path", "DOCKER_TLS": "1"], url: "tcp://h:1", isTLS: true),
        Case(environment: ["DOCKER_HOST": "tcp://[::1]:2375"], url: "tcp://[::1]:2375"),
        Case(environment: ["DOCKER_HOST": "tcp://[::1]"], url: "tcp://[::1]:2375"),
        Case(environment: ["DOCKER_HOST": "tcp://h", "DOCKER_CONTEXT": "other"], url: "tcp://h:2375"),
        Case(environment: ["DOCKER_CONTEXT": "default"], url: "unix:///var/run/docker.sock"),
    ]

    @Test(arguments: cases) func theEnvironmentSaysWhere(_ test: Case) throws {
        let folder = try TemporaryDirectory("home")
        let endpoint = try EngineEndpoint.resolve(test.environment.merging(["HOME": folder.path]) { $1 })
        #expect(endpoint.url == test.url)
        if case .tls = endpoint.address { #expect(test.isTLS) } else { #expect(!test.isTLS) }
    }

    /// `DOCKER_HOST`, and what the error says.
    @Test(arguments: [
        ("ssh://me@host", "over ssh"), ("host:2375", "no address"), ("npipe:////./pipe/docker", "cannot connect"),
        ("unix://relative", "cannot connect"), ("tcp://", "cannot connect"),
    ])
    func otherAddressesAreRefusedByName(_ host: String, _ words: String) throws {
        let error = #expect(throws: DevloopError.self) { try EngineEndpoint.resolve(["DOCKER_HOST": host]) }
        #expect(error?.message.contains(words) == true)
        #expect(error?.message.contains(host) == true)
        #expect(error?.hint != nil)
    }

    @Test func contextsNameEnginesAndTheirCertificates() throws {
        let folder = try TemporaryDirectory("docker")
        let (status, output) = TestProgram.run(["sh", "-c", "printf remote | sha256sum"])
        #expect(status == 0)
        let id = String(output.prefix { $0 != " " })
        try folder.write(
            "contexts/meta/\(id)/meta.json",
            #"{"Name":"remote","Endpoints":{"docker":{"Host":"tcp://10.0.0.9:2376","SkipTLSVerify":false}}}"#)
        for name in ["ca.pem", "cert.pem", "key.pem"] { try folder.write("contexts/tls/\(id)/docker/\(name)", "x") }
        let certificates = folder("contexts/tls/\(id)/docker")
        for environment in [["DOCKER_CONTEXT": "remote"], [:]] {
            if environment.isEmpty { try folder.write("config.json", #"{"currentContext":"remote"}"#) }
            let endpoint = try EngineEndpoint.resolve(environment.merging(["DOCKER_CONFIG": folder.path]) { $1 })
            #expect(endpoint.address == .tls("10.0.0.9:2376"))
            #expect(endpoint.tls.certificateAuthority == .file("\(certificates)/ca.pem"))
            #expect(endpoint.tls.clientKey == .file("\(certificates)/key.pem"))
            #expect(endpoint.source.contains("'remote'"))
        }
        let error = #expect(throws: DevloopError.self) {
            try EngineEndpoint.resolve(["DOCKER_CONFIG": folder.path, "DOCKER_CONTEXT": "missing"])
        }
        #expect(error?.message.contains("'missing'") == true)
    }
}
