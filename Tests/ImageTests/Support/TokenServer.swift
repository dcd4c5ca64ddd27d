// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import HTTPTransport
import Synchronization

/// Gives the tokens that docker-registry wants with `auth: token` (JSON Web Tokens, RFC 7519, signed with RS256) to who
/// has the name `ann` and the password `secret`, and tokens to pull to everybody.
final class TokenServer: Sendable {
    let folder: TemporaryDirectory
    let certificate: TestCertificate
    private let server: Mutex<FaultServer?> = Mutex(nil)
    private let asked = Mutex<[String]>([])

    /// Request lines so far.
    var requests: [String] { asked.withLock { $0 } }
    var realm: String { server.withLock { $0?.url("/token") ?? "" } }

    init() throws {
        folder = try TemporaryDirectory("tokens")
        certificate = try TestCertificate(in: folder, name: "tokens", alternative: "DNS:tokens")
        let started = try FaultServer { [weak self] connection in
            while let (head, body) = connection.readRequest() {
                guard let self else { return }
                asked.withLock {
                    $0.append(
                        String(head.prefix { $0 != "\r" && $0 != "\r\n" }) + " " + String(decoding: body, as: UTF8.self)
                    )
                }
                let isAnn = head.contains("Authorization: Basic \(Base64.encode("ann:secret".utf8))")
                if head.contains("Authorization"), !isAnn {
                    connection.answer(401, "{}")
                    continue
                }
                connection.answer(200, token(head, mayPush: isAnn))
            }
        }
        server.withLock { $0 = started }
    }

    func stop() { server.withLock { $0?.stop() } }

    /// The answer for the scopes in a request line.
    private func token(_ head: String, mayPush: Bool) -> String {
        let line = head.split(separator: " ").dropFirst().first ?? ""
        var access: [JSONValue] = []
        for parameter in line.split(whereSeparator: { $0 == "?" || $0 == "&" }) where parameter.hasPrefix("scope=") {
            let parts = parameter.dropFirst(6).replacing("%3A", with: ":").replacing("%2C", with: ",").replacing(
                "%2F", with: "/"
            )
            .split(separator: ":")
            guard parts.count == 3 else { continue }
            let actions = parts[2].split(separator: ",").filter { mayPush || $0 == "pull" }
            access.append([
                "type": .string(String(parts[0])), "name": .string(String(parts[1])),
                "actions": .array(actions.map { .string(String($0)) }),
            ])
        }
        let now = time(nil)
        let claims: JSONValue = [
            "iss": "tests", "sub": "ann", "aud": "test", "exp": .int(now + 300), "nbf": .int(now - 60),
            "iat": .int(now - 60), "jti": "1", "access": .array(access),
        ]
        let text = ((try? TestFiles.read(certificate.file)) ?? "").split(separator: "\n").filter { !$0.hasPrefix("-") }
            .joined()
        let header: JSONValue = ["typ": "JWT", "alg": "RS256", "x5c": [.string(text)]]
        let signed = "\(Self.url(Base64.encode(header.jsonBytes))).\(Self.url(Base64.encode(claims.jsonBytes)))"
        return #"{"token": "\#(signed).\#(sign(signed))", "expires_in": 300}"#
    }

    private func sign(_ text: String) -> String {
        let name = "sign-\(UInt64.random(in: 0 ... .max))"
        guard (try? folder.write(name, text)) != nil else { return "" }
        let binary = folder("\(name).sig")
        _ = TestProgram.run(["openssl", "dgst", "-sha256", "-sign", certificate.key, "-out", binary, folder(name)])
        return Self.url(
            TestProgram.run(["openssl", "base64", "-A", "-in", binary]).output.filter { !$0.isWhitespace })
    }

    /// base64 for addresses, RFC 4648 §5.
    private static func url(_ text: String) -> String {
        text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
