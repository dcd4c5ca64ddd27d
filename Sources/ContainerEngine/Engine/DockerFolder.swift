// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import HTTPTransport
import Hashing
import ImagePack

/// What Docker's client keeps in `~/.docker`: its settings, and contexts that name engines.
struct DockerFolder {
    /// `$DOCKER_CONFIG` or `~/.docker`; nil without a home.
    let path: String?

    init(_ environment: [String: String]) {
        if let path = environment["DOCKER_CONFIG"], !path.isEmpty {
            self.path = path
        } else {
            path = environment["HOME"].map { "\($0)/.docker" }
        }
    }

    /// `config.json`; nil when there is none, or none that can be read.
    var settings: JSONValue? {
        guard let path, let bytes = try? SmallFile.read("\(path)/config.json") else { return nil }
        return try? JSONValue(parsing: bytes)
    }

    var currentContext: String? { settings?["currentContext"]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    /// Address and certificates of a context's engine. Its folder is named by the digest of its name.
    func context(_ name: String) throws(DevloopError) -> (host: String, tls: TLSSettings?) {
        let folder = path ?? ""
        let id = SHA256.digest(of: Array(name.utf8)).hex
        let file = "\(folder)/contexts/meta/\(id)/meta.json"
        guard let bytes = try? SmallFile.read(file), let json = try? JSONValue(parsing: bytes),
            let engine = json.at("Endpoints", "docker"), let host = engine["Host"]?.string
        else {
            throw DevloopError(
                .image, "there is no docker context '\(name)' with an engine: \(file)",
                hint: "docker context ls lists them; DOCKER_CONTEXT or currentContext names it")
        }
        let certificates = "\(folder)/contexts/tls/\(id)/docker"
        let skips = engine["SkipTLSVerify"]?.bool ?? false
        guard Self.exists(certificates) || skips else { return (host, nil) }
        return (host, EngineEndpoint.tls(in: certificates, verifies: !skips && Self.exists("\(certificates)/ca.pem")))
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
