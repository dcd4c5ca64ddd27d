// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import HTTPTransport
package import ImagePack

/// An image that an engine has.
package struct EngineImage: Sendable, Equatable {
    /// `sha256:...`, the digest of its configuration.
    package var id: String
    /// Bytes of its layers as files.
    package var size: Int
    /// References that lead to it.
    package var names: [String]
}

extension EngineClient {
    /// The image of that name or id; nil when the engine has none.
    package func image(_ name: String) async throws -> EngineImage? {
        let response = try await send("GET", "/images/\(Percent.path(name))/json")
        if response.status == 404 { return nil }
        guard response.status == 200, let json = try? JSONValue(parsing: response.body), let id = json["Id"]?.string
        else { throw refusal(response.status, response.body) }
        return EngineImage(
            id: id, size: json["Size"]?.int ?? 0, names: (json["RepoTags"]?.array ?? []).compactMap(\.string))
    }

    /// What an image runs and how; nil when the engine has none of that name.
    package func configuration(_ name: String) async throws -> JSONValue? {
        let response = try await send("GET", "/images/\(Percent.path(name))/json")
        if response.status == 404 { return nil }
        guard response.status == 200, let json = try? JSONValue(parsing: response.body), let config = json["Config"]
        else { throw refusal(response.status, response.body) }
        return config
    }

    /// Gives an image another name.
    /// - Parameter reference: `name:tag`.
    package func tag(_ image: String, as reference: String) async throws {
        let place = reference.lastIndex(of: ":") ?? reference.endIndex
        let response = try await send(
            "POST", "/images/\(Percent.path(image))/tag",
            [("repo", String(reference[..<place])), ("tag", String(reference[place...].dropFirst()))])
        guard response.status == 201 || response.status == 200 else {
            throw refusal(response.status, response.body)
        }
    }

    /// Deletes an image that has no name, no container and no image built on it; any other stays.
    /// - Parameter id: `sha256:...`.
    package func removeIfUnnamed(_ id: String) async throws {
        guard let found = try await image(id), found.names.isEmpty, found.id == id else { return }
        let response = try await send("DELETE", "/images/\(Percent.path(id))")
        // 409: it is in use; 404: somebody was faster.
        guard [200, 404, 409].contains(response.status) else { throw refusal(response.status, response.body) }
    }

    /// What became of a name that was to be taken away.
    package enum Removal: Sendable, Equatable {
        /// The name is gone, and the image too when that was its last one.
        case removed
        /// There is no image of that name, or it leads to another image by now.
        case notThere
        /// A container uses the image, running or not.
        case inUse
    }

    /// Takes a name away from an image. With its last name goes the image, and the unnamed steps below it that nothing
    /// else is built on, as with `docker rmi`; never by force.
    /// - Parameters:
    ///   - reference: `name:tag`.
    ///   - id: `sha256:...`; a name that leads elsewhere stays.
    package func remove(_ reference: String, of id: String) async throws -> Removal {
        guard let found = try await image(reference), found.id == id else { return .notThere }
        let response = try await send("DELETE", "/images/\(Percent.path(reference))")
        switch response.status {
        case 200: return .removed
        case 404: return .notThere
        case 409: return .inUse
        default: throw refusal(response.status, response.body)
        }
    }

    /// Writes an image as an archive, as `docker save` does.
    /// - Parameter path: file to write, which is made anew.
    /// - Throws: `DevloopError` with code image; a file that was begun is removed.
    func export(_ image: String, to path: String) async throws {
        guard let found = try await self.image(image) else {
            throw DevloopError(.image, "\(name) has no image '\(image)'")
        }
        // A tar has headers beside the files; an archive that is far larger than its image is none.
        let file = try ExportFile.Writer(path, limit: found.size + found.size / 4 + (256 << 20))
        let body = try await stream("GET", "/images/\(Percent.path(image))/get")
        while let piece = try await told({ try await body.next() }) { try file.write(piece) }
        file.finish()
    }

    /// Loads an image archive.
    /// - Throws: `DevloopError` with code image when the engine does not take it.
    package func load(_ archive: ByteSource) async throws {
        let body = try await stream(
            "POST", "/images/load", [("quiet", "1")], headers: [("Content-Type", "application/x-tar")],
            upload: HTTPUpload(archive.stream, length: archive.size))
        var progress = EngineProgress()
        try await follow(body, &progress) { _ in }
        if let failure = progress.failure { throw DevloopError(.image, "\(name) did not take the image: \(failure)") }
    }
}

extension Percent {
    /// Slashes and colons of references stay.
    static func path(_ text: String) -> String {
        text.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.split(separator: ":", omittingEmptySubsequences: false).map { encode(String($0)) } }
            .map { $0.joined(separator: ":") }.joined(separator: "/")
    }
}
