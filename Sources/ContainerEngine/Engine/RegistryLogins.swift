// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ImagePack
import Registry

/// Credentials that an engine needs to pull what a Dockerfile builds on. They go to the engine alone, in the header that
/// its API has for them.
struct RegistryLogins: Sendable {
    private let credentials: DockerCredentials

    init(_ environment: [String: String]) {
        credentials = DockerCredentials(file: DockerFolder(environment).path.map { "\($0)/config.json" })
    }

    /// The value of `X-Registry-Config` for the registries of these references; nil when there are no credentials.
    func header(for references: [String]) async throws -> String? {
        var logins = JSONObject()
        let hosts = Set(references.map { String(ImageReference.canonical($0).prefix { $0 != "/" }) })
        for host in hosts.sorted().map(RegistryHost.init) {
            guard let found = try await credentials.find(host).credential else { continue }
            var login: JSONObject = ["serveraddress": .string(host.credentialKey)]
            if let token = found.identityToken {
                login["identitytoken"] = .string(token)
            } else {
                login["username"] = .string(found.user)
                login["password"] = .string(found.secret)
            }
            logins[host.credentialKey] = .object(login)
        }
        guard !logins.isEmpty else { return nil }
        // The URL-safe alphabet of RFC 4648, section 5.
        return Base64.encode(JSONValue.object(logins).jsonBytes)
            .replacing("+", with: "-").replacing("/", with: "_")
    }
}
