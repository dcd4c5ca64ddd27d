// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import HTTPTransport
import ProcessRunner
import Synchronization

/// Debian's docker-registry as a process of its own, on a free port of loopback, with its files in a folder of the test.
final class RegistryProcess: Sendable {
    enum Access: Sendable {
        case open
        /// Name `ann`, password `secret`.
        case basic
        case token(realm: String, certificate: String)
    }

    /// `127.0.0.1:port`.
    let host: String
    let folder: TemporaryDirectory
    private let task = Mutex<Task<Void, Never>?>(nil)
    /// bcrypt of `secret`, as htpasswd writes it.
    private static let password = "ann:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"

    private let access: Access
    private let certificate: (file: String, key: String)?

    /// - Parameter certificate: for TLS.
    init(_ access: Access = .open, certificate: (file: String, key: String)? = nil) async throws {
        folder = try TemporaryDirectory("registry")
        host = "127.0.0.1:\(try freePort())"
        self.access = access
        self.certificate = certificate
        try await start()
    }

    deinit { task.withLock { $0?.cancel() } }

    var port: String { host.split(separator: ":").last.map(String.init) ?? "" }

    /// Credentials of a user who is logged in.
    func login() throws -> String {
        try folder.write(
            "docker/config.json", #"{"auths": {"\#(host)": {"auth": "\#(Base64.encode("ann:secret".utf8))"}}}"#)
    }

    /// Starts the process, again with what the last one has stored.
    func start(readOnly: Bool = false) async throws {
        let configuration = try folder.write("registry.yml", try text(readOnly: readOnly))
        let log = folder("registry.log")
        let running = Task {
            let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            defer { close(descriptor) }
            _ = try? await ProcessRunner.stream(
                ProcessCommand(["docker-registry", "serve", configuration]),
                onOutput: { _, bytes in _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } })
        }
        task.withLock { $0 = running }
        let client = try HTTPClient(tls: TLSSettings(insecureSkipVerify: true))
        let scheme = certificate == nil ? "http" : "https"
        let answers = await poll(deadline: .seconds(60)) {
            (try? await client.send(HTTPRequest("\(scheme)://\(host)/v2/", deadline: .seconds(1)))) != nil
        }
        guard answers else {
            throw DevloopError(.process, "docker-registry does not answer: \(try TestFiles.read(log))")
        }
    }

    /// Ends the process at once, as a power cut would.
    func kill() async {
        for pid in LiveProcesses.matching(folder("registry.yml")) { Glibc.kill(pid_t(pid), SIGKILL) }
        await task.withLock { $0 }?.value
    }

    /// Forgets everything that was stored.
    func empty() { TestFiles.remove(folder("store")) }

    /// How many requests of a kind were logged: `POST`, `blobs/uploads`.
    func requests(_ method: String, _ path: String) throws -> Int {
        try TestFiles.read(folder("registry.log")).split(separator: "\n").filter {
            $0.contains("\"\(method) /v2/") && $0.contains(path)
        }.count
    }

    /// Bytes of unfinished uploads.
    func uploaded(_ repository: String) -> Int {
        let uploads = folder("store/docker/registry/v2/repositories/\(repository)/_uploads")
        let found = TestProgram.run(["find", uploads, "-name", "data", "-printf", "%s\\n"]).output
        return found.split(separator: "\n").compactMap { Int($0) }.max() ?? 0
    }

    private func text(readOnly: Bool) throws -> String {
        var lines = [
            "version: 0.1", "log: {level: info}", "storage:", "  filesystem: {rootdirectory: \(folder("store"))}",
            "  delete: {enabled: true}", "  maintenance:", "    uploadpurging: {enabled: false}",
            "    readonly: {enabled: \(readOnly)}", "http:", "  addr: \(host)", "  secret: the-same-after-a-restart",
        ]
        if let certificate { lines.append("  tls: {certificate: \(certificate.file), key: \(certificate.key)}") }
        switch access {
        case .open: break
        case .basic:
            let file = try folder.write("htpasswd", Self.password)
            lines += ["auth:", "  htpasswd: {realm: test, path: \(file)}"]
        case .token(let realm, let certificate):
            lines += [
                "auth:",
                "  token: {realm: \"\(realm)\", service: test, issuer: tests, rootcertbundle: \(certificate)}",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// A certificate of the test's own.
struct TestCertificate {
    let file: String
    let key: String

    /// - Parameter name: subject, and `IP:...` or `DNS:...` that it is for.
    init(in folder: TemporaryDirectory, name: String, alternative: String) throws {
        file = folder("\(name).pem")
        key = folder("\(name).key")
        let result = TestProgram.run([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-addext",
            "subjectAltName=\(alternative)", "-keyout", key, "-out", file,
        ])
        guard result.status == 0 else { throw DevloopError(.process, "openssl: \(result.output)") }
    }
}
