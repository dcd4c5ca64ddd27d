// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
import Synchronization

/// What is done in a repository; the token form of authentication asks for it by name.
struct RegistryScope: Sendable, Hashable {
    /// `repository:team/web:pull,push`; two when a blob is mounted from another repository.
    var parts: [String]

    static func pull(_ repository: String) -> RegistryScope { RegistryScope(parts: ["repository:\(repository):pull"]) }

    static func push(_ repository: String, from other: String? = nil) -> RegistryScope {
        let mounted = other.map { ["repository:\($0):pull"] } ?? []
        return RegistryScope(parts: ["repository:\(repository):pull,push"] + mounted)
    }
}

/// Answers a registry's challenges and remembers the answers. Credentials are looked for when they are asked for.
actor RegistryAuthorization {
    private struct Token {
        var header: String
        var expires: ContinuousClock.Instant
    }

    /// Tokens say how long they live, 60 s unless told; they are renewed a little earlier.
    private static let defaultLife = 60
    private static let reserve = Duration.seconds(5)

    private let host: RegistryHost
    private let http: HTTPClient
    private let credentials: DockerCredentials
    private var basic: String?
    private var tokens: [RegistryScope: Token] = [:]
    /// Why the credentials that there should be were not found; for the hint of an error.
    private(set) var note: String?

    init(host: RegistryHost, http: HTTPClient, credentials: DockerCredentials) {
        self.host = host
        self.http = http
        self.credentials = credentials
    }

    /// The header to send, as far as an earlier challenge told.
    func header(_ scope: RegistryScope) -> String? {
        if let basic { return basic }
        guard let token = tokens[scope], token.expires > ContinuousClock.now else { return nil }
        return token.header
    }

    /// Makes a header that answers a challenge.
    /// - Parameter refused: the header that the refused request carried.
    /// - Returns: nil when there is nothing else to try.
    func answer(
        _ challenge: AuthenticationChallenge, _ scope: RegistryScope, refused: String?
    ) async throws -> String? {
        // Another request may have got a new one in the meantime.
        if let known = header(scope), known != refused { return known }
        let lookup = try await credentials.find(host)
        note = lookup.note
        switch challenge {
        case .basic:
            guard let header = lookup.credential?.basic, header != refused else { return nil }
            basic = header
            return header
        case .bearer(let realm, let service):
            let token = try await token(realm, service, scope, lookup.credential)
            guard let token, token.header != refused else { return nil }
            tokens[scope] = token
            return token.header
        }
    }

    private func token(
        _ realm: String, _ service: String?, _ scope: RegistryScope, _ credential: DockerCredentials.Credential?
    ) async throws -> Token? {
        guard let request = Self.request(realm, service, scope, credential) else {
            throw DevloopError(
                .image,
                "the registry \(host.name) wants its password sent without TLS, to \(HTTPRequest(realm).address)",
                hint: "it is misconfigured: its token address must begin with https")
        }
        let response = try await http.send(request)
        guard response.status == 200, let json = try? JSONValue(parsing: response.body),
            let text = json["token"]?.string ?? json["access_token"]?.string
        else {
            // The server of tokens says no: so does the registry.
            if [400, 401, 403].contains(response.status) { return nil }
            throw DevloopError(
                .image,
                "\(request.address), which gives tokens for the registry \(host.name), answered \(response.status)")
        }
        let life = Duration.seconds(json["expires_in"]?.int ?? Self.defaultLife)
        return Token(header: "Bearer \(text)", expires: ContinuousClock.now + life - Self.reserve)
    }

    /// - Returns: nil when credentials would have to be sent in the clear over a network.
    static func request(
        _ realm: String, _ service: String?, _ scope: RegistryScope, _ credential: DockerCredentials.Credential?
    ) -> HTTPRequest? {
        let authority = HTTPRequest(realm).address
        let isSafe = authority.hasPrefix("https://") || RegistryHost(String(authority.dropFirst(7))).isLoopback
        guard credential == nil || isSafe else { return nil }
        var parameters = scope.parts.map { ("scope", $0) }
        if let service { parameters.insert(("service", service), at: 0) }
        var request: HTTPRequest
        if let token = credential?.identityToken {
            parameters =
                [("grant_type", "refresh_token"), ("client_id", "devloop"), ("refresh_token", token)] + parameters
            // One parameter here, where the other form repeats it.
            let scopes = scope.parts.joined(separator: " ")
            parameters = parameters.filter { $0.0 != "scope" } + [("scope", scopes)]
            request = HTTPRequest(realm, method: "POST", body: Array(form(parameters).utf8))
            request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        } else {
            request = HTTPRequest("\(realm)\(realm.contains("?") ? "&" : "?")\(form(parameters))")
            if let credential { request.headers["Authorization"] = credential.basic }
        }
        request.deadline = .seconds(30)
        request.maximumBodyBytes = 1 << 20
        return request
    }

    private static func form(_ parameters: [(String, String)]) -> String {
        parameters.map { "\($0.0)=\(escape($0.1))" }.joined(separator: "&")
    }

    /// Percent-encoding of all but the unreserved characters of RFC 3986.
    static func escape(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                escaped.append(byte)
            default: escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
