// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
import Synchronization

/// Speaks the Docker Engine API with one engine. Topics: `+Build`, `+Images`.
///
/// Source: Docker Engine API, versions 1.25 to 1.47. Engines since 29 refuse versions below 1.44, Debian's speaks 1.41:
/// the version is agreed on before anything else. Podman's service speaks the same API.
package final class EngineClient: Sendable {
    /// The newest version whose requests below are as this client writes them.
    private static let newest = EngineVersion(1, 47)
    /// The oldest that has all parameters that are used here.
    private static let oldest = EngineVersion(1, 25)

    package let endpoint: EngineEndpoint
    private let client: HTTPClient
    private let agreed = Mutex<EngineFacts?>(nil)

    /// - Throws: `DevloopError` (`process`) when the client's thread cannot be started.
    package init(_ endpoint: EngineEndpoint) throws {
        self.endpoint = endpoint
        client = try HTTPClient(tls: endpoint.tls)
    }

    /// The engine as messages name it.
    package var name: String { "the Docker Engine at \(endpoint.url)" }

    /// What the engine is; asked for once.
    /// - Throws: `DevloopError` with code image when it does not answer, or speaks no common version.
    @discardableResult
    package func connect() async throws -> EngineFacts {
        if let known = agreed.withLock({ $0 }) { return known }
        var request = makeRequest("\(endpoint.base)/version")
        request.deadline = .seconds(5)
        request.connectTimeout = .seconds(3)
        let response = try await told { try await client.send(request) }
        guard response.status == 200, let json = try? JSONValue(parsing: response.body),
            let theirs = json["ApiVersion"]?.string.flatMap(EngineVersion.init)
        else {
            throw DevloopError(
                .image, "\(endpoint.url) does not answer as a Docker Engine: status \(response.status)",
                hint: "\(endpoint.source) leads there")
        }
        let least = json["MinAPIVersion"]?.string.flatMap(EngineVersion.init) ?? EngineVersion(1, 0)
        let version = min(theirs, Self.newest)
        guard version >= least, version >= Self.oldest else {
            throw DevloopError(
                .image, "\(name) speaks API versions \(least) to \(theirs), devloop \(Self.oldest) to \(Self.newest)",
                hint: "use an engine that is not as \(version < least ? "new" : "old")")
        }
        let facts = EngineFacts(
            version: version, product: json["Version"]?.string ?? "", system: json["Os"]?.string ?? "linux",
            architecture: json["Arch"]?.string ?? "")
        agreed.withLock { $0 = facts }
        return facts
    }

    /// Sends a request whose answer is small.
    func send(
        _ method: String, _ path: String, _ query: [(String, String)] = [], deadline: Duration = .seconds(60)
    ) async throws -> HTTPResponse {
        var request = makeRequest(try await url(path, query), method: method)
        request.deadline = deadline
        request.maximumBodyBytes = 16 << 20
        return try await told { try await client.send(request) }
    }

    /// Sends a request whose answer is read as it comes; an answer that is no success is an error.
    func stream(
        _ method: String, _ path: String, _ query: [(String, String)] = [], headers: [(String, String)] = [],
        upload: HTTPUpload? = nil
    ) async throws -> HTTPBody {
        var request = makeRequest(try await url(path, query), method: method)
        for (name, value) in headers { request.headers[name] = value }
        request.upload = upload
        let (head, body) = try await told { try await client.stream(request) }
        guard (200..<300).contains(head.status) else {
            var text: [UInt8] = []
            while text.count < 1 << 16, let piece = try await told({ try await body.next() }) { text += piece }
            throw refusal(head.status, text)
        }
        return body
    }

    private func url(_ path: String, _ query: [(String, String)]) async throws -> String {
        let version = try await connect().version
        let words = query.map { "\($0)=\(Percent.encode($1))" }
        return "\(endpoint.base)/v\(version)\(path)" + (words.isEmpty ? "" : "?\(words.joined(separator: "&"))")
    }

    private func makeRequest(_ url: String, method: String = "GET") -> HTTPRequest {
        HTTPRequest(url, method: method, unixSocket: endpoint.socket)
    }

    /// The engine's own words about a request that it did not carry out.
    func refusal(_ status: Int, _ body: [UInt8]) -> DevloopError {
        let json = try? JSONValue(parsing: body)
        let words = json?["message"]?.string ?? String(decoding: body.prefix(500), as: UTF8.self)
        return DevloopError(.image, words.isEmpty ? "\(name) answered \(status)" : words)
    }

    /// Runs `body`; a connection that cannot be made or breaks is told as a failure of the engine. Next time the engine
    /// is asked anew what it is, since another one may have taken its place.
    func told<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as DevloopError {
            guard let failure = error.cause as? HTTPFailure else { throw error }
            agreed.withLock { $0 = nil }
            let isThere = failure.kind != .connect
            throw DevloopError(
                .image, "\(name) \(isThere ? "broke off" : "does not answer"): \(Self.detail(error))",
                hint: isThere
                    ? "look at the engine's own log: it may have been restarted, or its disk may be full"
                    : "start it, or name another one; \(endpoint.source) says this one",
                cause: failure)
        }
    }

    private static func detail(_ error: DevloopError) -> String {
        // The address is told already.
        guard let colon = error.message.firstRange(of: ": ") else { return error.message }
        return String(error.message[colon.upperBound...])
    }
}

/// What an engine said of itself.
package struct EngineFacts: Sendable, Equatable {
    /// The version of the API that is spoken with it.
    package var version: EngineVersion
    /// `20.10.24`.
    package var product: String
    package var system: String
    /// `amd64`.
    package var architecture: String
}

/// A version of the API: `1.41`.
package struct EngineVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    private let major: Int
    private let minor: Int

    init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// nil unless the text is two numbers with a dot.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
        self.init(major, minor)
    }

    package var description: String { "\(major).\(minor)" }

    package static func < (left: EngineVersion, right: EngineVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

/// Percent-encoding (RFC 3986).
enum Percent {
    /// All but unreserved characters are encoded; slashes too.
    static func encode(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if scalar.isASCII,
                scalar.properties.isAlphabetic || (0x30...0x39).contains(byte) || "-._~".utf8.contains(byte)
            {
                result.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return result
    }
}
