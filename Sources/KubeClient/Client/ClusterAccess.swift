// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

/// How requests get to one cluster: its address, the HTTP client with our identity, and the header that says who we are.
///
/// Everything that can change while a session runs is looked at again: certificates and tokens in files, credentials of a
/// plugin, and the kubeconfig itself, which the tools of local clusters rewrite when they start one anew.
actor ClusterAccess {
    struct Ticket: Sendable {
        var client: HTTPClient
        /// Address of the API server without a slash at its end.
        var server: String
        /// Value of the `Authorization` header; nil when a certificate speaks for us.
        var authorization: String?
        /// Which state of our knowledge it was made from.
        var generation: Int
    }

    /// Why a ticket is in doubt.
    enum Doubt {
        /// The server said 401.
        case refused
        /// There was no connection, or TLS failed.
        case noConnection
        /// No answer came in time.
        case silence
    }

    /// Tokens in files are rotated by others: the kubelet does so well before they expire.
    private static let tokenFileAge: Duration = .seconds(60)
    /// How often files of certificates are looked at.
    private static let lookInterval: Duration = .seconds(1)

    private let now: @Sendable () -> ContinuousClock.Instant
    private let reload: (@Sendable () throws -> KubeConfig.Selection)?
    private var selection: KubeConfig.Selection
    private var baseClient: HTTPClient
    private var stamps: [String: FileStamp?]
    private var looked: ContinuousClock.Instant
    private var generation = 0
    private var fileToken: (value: String, read: ContinuousClock.Instant)?
    private var plugin: ExecCredential?
    private var pluginRun: PluginRun?
    private var pluginRuns = 0

    /// - Parameter reload: Reads the same context again; nil when it stands in no file.
    init(
        _ selection: KubeConfig.Selection, reload: (@Sendable () throws -> KubeConfig.Selection)? = nil,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) throws {
        if let provider = selection.user.authProvider {
            throw DevloopError(
                .kubeconfig,
                "user '\(selection.user.name)' uses the auth-provider '\(provider)', which is not supported",
                at: selection.user.location, hint: "use the exec plugin of your provider")
        }
        self.selection = selection
        self.reload = reload
        self.now = now
        // Before the files are read: a change in between is then seen as one.
        stamps = selection.fileStamps
        looked = now()
        baseClient = try selection.makeClient()
    }

    /// - Throws: `DevloopError` (`kubeconfig`) when a token file or a plugin fails.
    func ticket() async throws -> Ticket {
        if now() - looked >= Self.lookInterval { try lookAtFiles() }
        let user = selection.user
        if let path = user.tokenFile { return ticket("Bearer \(try token(path))") }
        if let token = user.token, !token.isEmpty { return ticket("Bearer \(token)") }
        if let name = user.username, let password = user.password {
            return ticket("Basic \(Base64.encode(Array("\(name):\(password)".utf8)))")
        }
        if let exec = user.exec {
            let credential = try await credential(exec)
            return ticket(credential.token.map { "Bearer \($0)" }, client: credential.client)
        }
        return ticket(nil)
    }

    private func ticket(_ authorization: String?, client: HTTPClient? = nil) -> Ticket {
        Ticket(
            client: client ?? baseClient, server: selection.cluster.server, authorization: authorization,
            generation: generation)
    }

    /// A request with this ticket failed in a way that newer knowledge may mend.
    /// - Returns: Whether asking again can help.
    func renew(_ ticket: Ticket, after doubt: Doubt) -> Bool {
        // Others failed with the same ticket, and one of them has renewed it already.
        guard ticket.generation == generation else { return true }
        let hasPluginCertificate = plugin?.client != nil
        if doubt == .silence {
            // Requests share a connection: they would all go on waiting for a far side that is not there any more.
            guard let client = try? selection.makeClient() else { return false }
            baseClient = client
            if hasPluginCertificate { plugin = nil }
            generation += 1
            return true
        }
        var isRenewed = rereadKubeConfig()
        // A file that cannot be used now, since it is being written, is looked at again later.
        if (try? lookAtFiles()) == true { isRenewed = true }
        switch doubt {
        case .refused:
            if fileToken != nil || plugin != nil { isRenewed = true }
            fileToken = nil
            plugin = nil
        case .noConnection:
            if hasPluginCertificate {
                isRenewed = true
                plugin = nil
            }
        case .silence: break
        }
        if isRenewed { generation += 1 }
        return isRenewed
    }

    // MARK: what changes

    /// Takes what the kubeconfig says now about our context.
    private func rereadKubeConfig() -> Bool {
        // A file that is being written is read again after the next failure.
        guard let reload, var fresh = try? reload(), fresh != selection else { return false }
        // A local cluster may move to another port; nothing may lead us to a cluster that nobody has allowed.
        if fresh.cluster.server != selection.cluster.server, !(selection.info().isLocal && fresh.info().isLocal) {
            fresh.cluster.server = selection.cluster.server
        }
        let stamps = fresh.fileStamps
        guard fresh != selection, fresh.user.authProvider == nil, let client = try? fresh.makeClient() else {
            return false
        }
        selection = fresh
        self.stamps = stamps
        baseClient = client
        fileToken = nil
        plugin = nil
        return true
    }

    /// Makes a new client, with connections of its own, when certificates have changed: a connection keeps the identity
    /// that it was made with.
    /// - Returns: Whether they have.
    @discardableResult
    private func lookAtFiles() throws -> Bool {
        looked = now()
        let stamps = selection.fileStamps
        guard stamps != self.stamps else { return false }
        baseClient = try selection.makeClient()
        self.stamps = stamps
        generation += 1
        plugin?.client = nil
        if plugin?.token == nil { plugin = nil }
        return true
    }

    private func token(_ path: String) throws -> String {
        if let fileToken, now() - fileToken.read < Self.tokenFileAge { return fileToken.value }
        do {
            let text = String(decoding: try FileText.read(path), as: UTF8.self)
            let value = String(text.filter { !$0.isWhitespace })
            fileToken = (value, now())
            return value
        } catch {
            // It may be in the middle of being replaced.
            if let fileToken { return fileToken.value }
            throw DevloopError(.kubeconfig, "tokenFile: \(path): \(error.text)", at: selection.user.location)
        }
    }

    // MARK: the plugin

    /// One run of the plugin, for all who wait for it.
    private struct PluginRun {
        let number: Int
        let task: Task<ExecCredential, any Error>
        var waiting = 0
    }

    private func credential(_ exec: KubeConfig.ExecPlugin) async throws -> ExecCredential {
        if let plugin, !plugin.isExpired(at: now()) { return plugin }
        if pluginRun == nil {
            pluginRuns += 1
            pluginRun = PluginRun(number: pluginRuns, task: Task { try await self.runPlugin(exec) })
        }
        pluginRun?.waiting += 1
        guard let run = pluginRun else { throw CancellationError() }
        return try await withTaskCancellationHandler {
            try await run.task.value
        } onCancel: {
            Task { await self.leave(run.number) }
        }
    }

    /// A waiting caller is cancelled; the plugin ends with the last of them.
    private func leave(_ number: Int) {
        guard pluginRun?.number == number else { return }
        pluginRun?.waiting -= 1
        if let run = pluginRun, run.waiting <= 0 { run.task.cancel() }
    }

    private func runPlugin(_ exec: KubeConfig.ExecPlugin) async throws -> ExecCredential {
        defer { pluginRun = nil }
        let answer = try await ExecCredential.run(exec, cluster: selection.cluster, now: now)
        var credential = ExecCredential(answer)
        if let certificate = answer.clientCertificate, let key = answer.clientKey {
            var tls = try selection.tlsSettings()
            tls.clientCertificate = .bytes(certificate)
            tls.clientKey = .bytes(key)
            credential.client = try HTTPClient(tls: tls, proxy: selection.cluster.proxyURL)
        }
        plugin = credential
        return credential
    }
}

extension KubeConfig.Selection {
    fileprivate func makeClient() throws -> HTTPClient {
        try HTTPClient(tls: try tlsSettings(), proxy: cluster.proxyURL)
    }

    /// What the files of certificates and keys are at the moment.
    fileprivate var fileStamps: [String: FileStamp?] {
        var stamps: [String: FileStamp?] = [:]
        for case .file(let path)? in [cluster.certificateAuthority, user.clientCertificate, user.clientKey] {
            stamps.updateValue(FileStamp(path), forKey: path)
        }
        return stamps
    }
}
