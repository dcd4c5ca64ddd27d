// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import PodSync
import SyncProtocol
import Testing

@Suite("the readiness check of a container spec")
struct ContainerProbeTests {
    static func container(_ probe: String) throws -> JSONValue {
        try JSONValue(
            parsing: """
                {"name": "api", "ports": [{"name": "http", "containerPort": 8080}], "readinessProbe": \(probe)}
                """)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var probe: String
        var arguments: [String]
        var hasNote = false
        var testDescription: String { probe }
    }

    static let rows: [Row] = [
        Row(
            probe: #"{"httpGet": {"path": "/health", "port": 80}}"#, arguments: ["--probe", "http:80:/health"]),
        Row(probe: #"{"httpGet": {"port": "http"}}"#, arguments: ["--probe", "http:8080:/"]),
        Row(probe: #"{"httpGet": {"port": "81"}}"#, arguments: ["--probe", "http:81:/"]),
        Row(
            probe: #"{"httpGet": {"port": 1, "httpHeaders": [{"name": "Host", "value": "x y"}]}, "timeoutSeconds": 3}"#,
            arguments: ["--probe", "http:1:/", "--probe-header", "Host: x y", "--probe-timeout", "3"]),
        Row(
            probe: #"{"httpGet": {"port": 443, "scheme": "HTTPS"}}"#, arguments: ["--probe", "tcp:443"], hasNote: true),
        Row(probe: #"{"tcpSocket": {"port": "http"}}"#, arguments: ["--probe", "tcp:8080"]),
        Row(probe: #"{"grpc": {"port": 9000}}"#, arguments: ["--probe", "tcp:9000"], hasNote: true),
        Row(
            probe: #"{"exec": {"command": ["test", "-e", "/tmp/a b"]}}"#,
            arguments: ["--probe", "exec:test", "--probe-argument", "-e", "--probe-argument", "/tmp/a b"]),
    ]

    @Test(arguments: rows)
    func reads(_ row: Row) throws {
        let probe = try #require(try ContainerProbe(container: Self.container(row.probe)))
        #expect(probe.arguments == row.arguments)
        #expect((probe.note != nil) == row.hasNote)
    }

    @Test("no check", arguments: [#"{"name": "api"}"#, #"{"name": "api", "readinessProbe": null}"#])
    func none(container: String) throws {
        #expect(try ContainerProbe(container: JSONValue(parsing: container)) == nil)
    }

    @Test(
        "checks that make no sense",
        arguments: [
            #"{"httpGet": {"port": "metrics"}}"#, #"{"httpGet": {"port": 70000}}"#, #"{"tcpSocket": {}}"#, "{}",
            #"{"exec": {"command": []}}"#, #"{"httpGet": {"port": 80, "path": "/a\r\nX: y"}}"#,
        ])
    func refused(probe: String) throws {
        let error = #expect(throws: DevloopError.self) { try ContainerProbe(container: Self.container(probe)) }
        #expect(error?.code == .objectRefused)
    }
}
