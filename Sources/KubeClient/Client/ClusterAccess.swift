// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

/// How requests get to one cluster: the HTTP client with our identity, and the header that says who we are.
actor ClusterAccess {
    struct Ticket: Sendable {
        var client: HTTPClient
        /// Value of the `Authorization` header; nil when a certificate speaks for us.
        var authorization: String?
    }

    /// Tokens in files are rotated by others: the kubelet does so well before they expire.
    private static let tokenFileAge: Duration = .seconds(60)

    private let selection: KubeConfig.Selection
    private let now: @Sendable () -> ContinuousClock.Instant
    private let baseClient: HTTPClient
    private var fileToken: (value: String, read: ContinuousClock.Instant)?
    private var plugin: ExecCredential?

    init(_ selection: KubeConfig.Selection, now: @escaping @Sendable () -> ContinuousClock.Instant) throws {
        if let provider = selection.user.authProvider {
            throw DevloopError(
                .kubeconfig,
                "user '\(selection.user.name)' uses the auth-provider '\(provider)', which is not supported",
                at: selection.user.location, hint: "use the exec plugin of your provider")
        }
        self.selection = selection
        self.now = now
        baseClient = try HTTPClient(tls: try selection.tlsSettings(), proxy: selection.cluster.proxyURL)
    }

    /// - Throws: `DevloopError` (`kubeconfig`) when a token file or a plugin fails.
    func ticket() async throws -> Ticket {
        let user = selection.user
        if let path = user.tokenFile { return Ticket(client: baseClient, authorization: "Bearer \(try token(path))") }
        if let token = user.token, !token.isEmpty {
            return Ticket(client: baseClient, authorization: "Bearer \(token)")
        }
        if let name = user.username, let password = user.password {
            let credentials = Base64.encode(Array("\(name):\(password)".utf8))
            return Ticket(client: baseClient, authorization: "Basic \(credentials)")
        }
        if let exec = user.exec { return try await pluginTicket(exec) }
        return Ticket(client: baseClient, authorization: nil)
    }

    /// The server said 401: what we remember is no longer good.
    /// - Returns: Whether asking again can help.
    func forget() -> Bool {
        defer {
            fileToken = nil
            plugin = nil
        }
        return fileToken != nil || plugin != nil
    }

    private func token(_ path: String) throws -> String {
        if let fileToken, now() - fileToken.read < Self.tokenFileAge { return fileToken.value }
        do {
            let text = String(decoding: try FileText.read(path), as: UTF8.self)
            let value = String(text.filter { !$0.isWhitespace })
            fileToken = (value, now())
            return value
        } catch {
            throw DevloopError(.kubeconfig, "tokenFile: \(path): \(error.text)", at: selection.user.location)
        }
    }

    private func pluginTicket(_ exec: KubeConfig.ExecPlugin) async throws -> Ticket {
        if let plugin, !plugin.isExpired(at: now()) { return plugin.ticket }
        let answer = try await ExecCredential.run(exec, cluster: selection.cluster, now: now)
        var client = baseClient
        if let certificate = answer.clientCertificate, let key = answer.clientKey {
            var tls = try selection.tlsSettings()
            tls.clientCertificate = .bytes(certificate)
            tls.clientKey = .bytes(key)
            client = try HTTPClient(tls: tls, proxy: selection.cluster.proxyURL)
        }
        let ticket = Ticket(client: client, authorization: answer.token.map { "Bearer \($0)" })
        plugin = ExecCredential(ticket: ticket, expires: answer.expires)
        return ticket
    }
}
