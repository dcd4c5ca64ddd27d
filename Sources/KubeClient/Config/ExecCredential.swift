// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import FoundationEssentials
import HTTPTransport
import ProcessRunner

/// Credentials that a plugin printed, kept until they expire.
struct ExecCredential: Sendable {
    struct Answer: Sendable {
        var token: String?
        var clientCertificate: [UInt8]?
        var clientKey: [UInt8]?
        /// nil when they do not expire.
        var expires: ContinuousClock.Instant?
    }

    /// A plugin may open a browser; it must not wait for ever.
    private static let timeout: Duration = .seconds(120)
    /// Credentials are renewed that long before they expire.
    private static let margin: Duration = .seconds(30)

    let token: String?
    /// Connections with the certificate that the plugin gave; nil when it gave none.
    var client: HTTPClient?
    private let expires: ContinuousClock.Instant?

    init(_ answer: Answer) {
        token = answer.token
        expires = answer.expires
    }

    func isExpired(at now: ContinuousClock.Instant) -> Bool { expires.map { now >= $0 - Self.margin } ?? false }

    /// Runs a plugin of `client.authentication.k8s.io`.
    /// - Throws: `DevloopError` (`kubeconfig`) with the place in the kubeconfig; the plugin's output is never quoted, since
    ///   it can hold secrets, its standard error is.
    static func run(
        _ plugin: KubeConfig.ExecPlugin, cluster: KubeConfig.Cluster, now: @Sendable () -> ContinuousClock.Instant
    ) async throws -> Answer {
        guard !plugin.needsTerminal else {
            throw DevloopError(
                .kubeconfig, "exec plugin '\(plugin.command)' wants a terminal (interactiveMode: Always)",
                at: plugin.location, hint: "log in with it once, and let it answer without questions after that")
        }
        var environment = plugin.environment
        environment["KUBERNETES_EXEC_INFO"] = request(plugin, cluster: cluster).jsonText
        let command = ProcessCommand(
            [plugin.command] + plugin.arguments, environment: .inherit(adding: environment))
        let result: ProcessResult
        do {
            result = try await withDeadline(timeout, address: "plugin '\(plugin.command)'") {
                try await ProcessRunner.run(command, outputLimit: 1 << 20)
            }
        } catch let error as DevloopError {
            throw DevloopError(
                .kubeconfig, "exec plugin: \(error.message)", at: plugin.location,
                hint: plugin.installHint ?? error.hint, cause: error)
        }
        guard result.status.isSuccess else {
            let words = complaint(result.stderr)
            throw DevloopError(
                .kubeconfig,
                "exec plugin '\(plugin.command)' \(result.status)\(words.isEmpty ? "" : ": \(words)")",
                at: plugin.location, hint: plugin.installHint)
        }
        do {
            return try parse(result.stdout, apiVersion: plugin.apiVersion, wallClock: Date(), now: now())
        } catch {
            throw DevloopError(
                .kubeconfig, "exec plugin '\(plugin.command)': \(error.text)", at: plugin.location)
        }
    }

    /// The plugin's own words, in one line: what to do often stands above the last of them. Control characters and the
    /// sequences that colour text are left out.
    static func complaint(_ output: [UInt8]) -> String {
        let lines = String(decoding: output.suffix(2_000), as: UTF8.self).split(whereSeparator: \.isNewline)
        let text = lines.suffix(6).map { PlainText.clean(String($0)) }.joined(separator: " ")
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Seconds since 1970 on this machine's clock.
    static func wallSeconds() -> Double { Date().timeIntervalSince1970 }

    struct Fault: Error { var text: String }

    /// Reads an `ExecCredential` object.
    static func parse(
        _ output: [UInt8], apiVersion: String, wallClock: Date, now: ContinuousClock.Instant
    ) throws(Fault) -> Answer {
        guard let value = try? JSONValue(parsing: output), value["kind"]?.string == "ExecCredential" else {
            throw Fault(text: "its output is no ExecCredential")
        }
        guard value["apiVersion"]?.string == apiVersion else {
            throw Fault(
                text: "it answered as '\(value["apiVersion"]?.string ?? "")', the kubeconfig says '\(apiVersion)'")
        }
        guard let status = value["status"] else { throw Fault(text: "its output has no status") }
        var answer = Answer(token: status["token"]?.string)
        answer.clientCertificate = status["clientCertificateData"]?.string.map { Array($0.utf8) }
        answer.clientKey = status["clientKeyData"]?.string.map { Array($0.utf8) }
        guard answer.token != nil || (answer.clientCertificate != nil && answer.clientKey != nil) else {
            throw Fault(text: "its output has neither a token nor a certificate with its key")
        }
        if let text = status["expirationTimestamp"]?.string {
            guard let time = LogTimestamp(text) else { throw Fault(text: "its expirationTimestamp is no time") }
            answer.expires = now + .seconds(Double(time.seconds) - wallClock.timeIntervalSince1970)
        }
        return answer
    }

    private static func request(_ plugin: KubeConfig.ExecPlugin, cluster: KubeConfig.Cluster) -> JSONValue {
        var spec: JSONValue = ["interactive": false]
        if plugin.provideClusterInfo {
            var info: JSONValue = ["server": .string(cluster.server)]
            info["tls-server-name"] = cluster.tlsServerName.map(JSONValue.string)
            info["insecure-skip-tls-verify"] = cluster.insecureSkipTLSVerify ? true : nil
            info["proxy-url"] = cluster.proxyURL.map(JSONValue.string)
            switch cluster.certificateAuthority {
            case .bytes(let bytes): info["certificate-authority-data"] = .string(Base64.encode(bytes))
            case .file(let path):
                info["certificate-authority-data"] = (try? FileText.read(path)).map { .string(Base64.encode($0)) }
            case nil: break
            }
            spec["cluster"] = info
        }
        return ["apiVersion": .string(plugin.apiVersion), "kind": "ExecCredential", "spec": spec]
    }
}
