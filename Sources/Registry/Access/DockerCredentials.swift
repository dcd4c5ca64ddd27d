// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ImagePack
import ProcessRunner

/// Credentials as `docker login` keeps them: in `config.json` of `$DOCKER_CONFIG` or `~/.docker`, or in a helper
/// program that the file names. Read anew each time they are needed, so that a login during a session counts.
package struct DockerCredentials: Sendable {
    /// A name and a password, or an identity token.
    package struct Credential: Sendable, Equatable {
        package var user: String
        package var secret: String
        /// A token that buys access tokens (OAuth 2), in place of name and password.
        package var identityToken: String?

        var basic: String { "Basic \(Base64.encode("\(user):\(secret)".utf8))" }
    }

    /// What was found, and if nothing was found but should have been, why.
    package struct Lookup: Sendable {
        package var credential: Credential?
        var note: String?
    }

    /// A helper that asks a person for a password would wait for ever.
    private static let helperLimit = Duration.seconds(20)
    private let file: String?

    /// - Parameter file: path of the configuration; nil knows no credentials.
    package init(file: String?) { self.file = file }

    /// The user's own.
    package static var ofUser: DockerCredentials {
        if let folder = ProcessEnvironment.value("DOCKER_CONFIG"), !folder.isEmpty {
            return DockerCredentials(file: "\(folder)/config.json")
        }
        return DockerCredentials(file: ProcessEnvironment.value("HOME").map { "\($0)/.docker/config.json" })
    }

    package func find(_ host: RegistryHost) async throws -> Lookup {
        guard let file, let bytes = try? SmallFile.read(file) else { return Lookup() }
        guard let json = try? JSONValue(parsing: bytes) else {
            return Lookup(note: "\(file) is no JSON, so that the login in it is not known")
        }
        let key = host.credentialKey
        let helper = json["credHelpers"]?[key]?.string ?? json["credHelpers"]?[host.name]?.string
        if let helper = helper ?? json["credsStore"]?.string, !helper.isEmpty {
            let found = try await ask(helper, key)
            if found.credential != nil || json["auths"]?[key]?["auth"] == nil { return found }
        }
        for name in [key, host.name, "https://\(host.name)", "http://\(host.name)", "https://\(host.name)/v2/"] {
            if let found = json["auths"]?[name].flatMap(Self.credential) { return Lookup(credential: found) }
        }
        return Lookup()
    }

    /// An entry of `auths`: `auth` is base64 of `user:password`.
    private static func credential(_ entry: JSONValue) -> Credential? {
        let token = entry["identitytoken"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        if let text = entry["auth"]?.string, let bytes = Base64.decode(text) {
            let plain = String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
            guard let colon = plain.firstIndex(of: ":") else { return nil }
            return Credential(
                user: String(plain[..<colon]), secret: String(plain[plain.index(after: colon)...]),
                identityToken: token)
        }
        guard let user = entry["username"]?.string, let secret = entry["password"]?.string else {
            return token.map { Credential(user: "", secret: "", identityToken: $0) }
        }
        return Credential(user: user, secret: secret, identityToken: token)
    }

    /// Runs `docker-credential-<helper> get`, which reads the registry's name and prints JSON.
    private func ask(_ helper: String, _ key: String) async throws -> Lookup {
        let program = "docker-credential-\(helper)"
        // The name comes out of a file: it must not become a path.
        guard !helper.contains("/") else { return Lookup(note: "'\(helper)' is no name of a credential helper") }
        guard (try? ProgramSearch.resolve(program)) != nil else {
            return Lookup(note: "the program \(program), which the Docker configuration names, is not there")
        }
        let command = ProcessCommand([program, "get"], stdin: .bytes(Array("\(key)\n".utf8)))
        let result = try await withThrowingTaskGroup(of: ProcessResult?.self) { group in
            group.addTask { try await ProcessRunner.run(command, outputLimit: 1 << 20) }
            group.addTask {
                try await Task.sleep(for: Self.helperLimit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let result else { return Lookup(note: "\(program) did not answer within \(Self.helperLimit)") }
        // Exit status 1 is how a helper says that it knows nothing; what it prints may hold secrets.
        guard result.status.isSuccess, let json = try? JSONValue(parsing: result.stdout),
            let secret = json["Secret"]?.string
        else { return Lookup(note: "\(program) knows no login for \(key)") }
        let user = json["Username"]?.string ?? ""
        let isToken = user == "<token>"
        return Lookup(
            credential: Credential(
                user: isToken ? "" : user, secret: isToken ? "" : secret, identityToken: isToken ? secret : nil))
    }
}
