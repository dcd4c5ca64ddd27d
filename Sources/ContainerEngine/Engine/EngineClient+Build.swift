// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
import ImagePack

extension EngineClient {
    /// Builds with the engine's own builder, the context streamed to it. Cancelling closes the connection, upon which
    /// the engine stops.
    /// - Parameters:
    ///   - registries: value of `X-Registry-Config`, credentials for what the Dockerfile builds on.
    ///   - onLine: what the build writes.
    /// - Returns: the id of the image, `sha256:...`.
    /// - Throws: `DevloopError` with code image, in the engine's words.
    func build(
        _ request: BuildRequest, context: BuildContext, registries: String?, onLine: (String) -> Void
    ) async throws -> String {
        let tar = try context.tar(dockerfile: request.dockerfile)
        var headers = [("Content-Type", "application/x-tar")]
        if let registries { headers.append(("X-Registry-Config", registries)) }
        let body = try await stream(
            "POST", "/build", query(request, dockerfile: tar.dockerfile), headers: headers,
            upload: HTTPUpload(tar.source.stream, length: tar.source.size))
        var progress = EngineProgress()
        try await follow(body, &progress, onLine)
        if let failure = progress.failure { throw DevloopError(.image, failure) }
        guard let id = progress.imageID else {
            throw DevloopError(
                .image, "\(name) ended the build without an image", hint: "look at the engine's own log")
        }
        return id
    }

    /// Reads progress to its end and hands on its lines as they come.
    func follow(_ body: HTTPBody, _ progress: inout EngineProgress, _ onLine: (String) -> Void) async throws {
        while let piece = try await told({ try await body.next() }) {
            try progress.add(piece)
            for line in progress.takeLines() { onLine(line) }
        }
        try progress.finish()
        for line in progress.takeLines() { onLine(line) }
    }

    private func query(_ request: BuildRequest, dockerfile: String) -> [(String, String)] {
        let arguments = JSONObject(request.arguments.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
        var query = [("dockerfile", dockerfile), ("rm", "1"), ("forcerm", "1")]
        if !arguments.isEmpty { query.append(("buildargs", JSONValue.object(arguments).jsonText)) }
        if !request.target.isEmpty { query.append(("target", request.target)) }
        if !request.platform.isEmpty { query.append(("platform", request.platform)) }
        if !request.network.isEmpty { query.append(("networkmode", request.network)) }
        if request.pull { query.append(("pull", "1")) }
        if !request.cacheFrom.isEmpty {
            query.append(("cachefrom", JSONValue.array(request.cacheFrom.map { .string($0) }).jsonText))
        }
        query += request.extraHosts.map { ("extrahosts", $0) }
        query += request.tags.map { ("t", $0) }
        return query
    }
}
