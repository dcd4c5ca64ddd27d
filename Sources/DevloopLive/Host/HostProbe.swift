// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
import Plan
import ProcessRunner

/// One attempt of a readiness probe against a server on this machine.
enum HostProbe {
    /// - Parameter environment: of a command; nil is devloop's own.
    /// - Returns: what is wrong; nil when it succeeded.
    static func attempt(
        _ action: Probe.Action, directory: String, timeout: Duration, environment: [String: String]? = nil
    ) async -> String? {
        do {
            return try await withDeadline(timeout, address: "the server") {
                try await problem(action, directory: directory, environment)
            }
        } catch let error as DevloopError {
            return error.message
        } catch {
            return "no answer within \(timeout.components.seconds) s"
        }
    }

    private static func problem(
        _ action: Probe.Action, directory: String, _ environment: [String: String]?
    ) async throws -> String? {
        switch action {
        case .exec(let arguments):
            let command = ProcessCommand(
                arguments, directory: directory, environment: environment.map { .exact($0) } ?? .inherit())
            let status = try await ProcessRunner.run(command).status
            return status.isSuccess ? nil : "\(arguments.joined(separator: " ")): \(status)"
        case .httpGet(let scheme, let host, let port, let path):
            // Kubernetes does not verify certificates here either.
            let client = try HTTPClient(tls: TLSSettings(insecureSkipVerify: true))
            defer { client.shutdown() }
            let url = "\(scheme)://\(host):\(port)/\(path.drop { $0 == "/" })"
            let status = try await client.send(HTTPRequest(url)).status
            // Kubernetes' rule: everything from 200 to 399 is a success.
            return (200..<400).contains(status) ? nil : "\(url) answers \(status)"
        case .tcpSocket(let host, let port):
            let client = try HTTPClient()
            defer { client.shutdown() }
            try await client.connect("http://\(host):\(port)").close()
            return nil
        }
    }
}
