// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ProcessRunner

/// Reads what an engine tells while it works: one JSON object a line.
struct EngineProgress {
    /// Lines for people that have become complete.
    private(set) var lines: [String] = []
    /// Of the image that was built: `sha256:...`.
    private(set) var imageID: String?
    /// Why the work failed, in the engine's words.
    private(set) var failure: String?

    private var splitter = LineSplitter(limit: 1 << 20)
    private var text = LineSplitter()
    /// The last status of each layer that is pulled, so that a progress bar is one line.
    private var states: [String: String] = [:]

    /// - Throws: `DevloopError` with code protocol for a line that is no JSON object.
    mutating func add(_ bytes: [UInt8]) throws(DevloopError) {
        for line in splitter.add(bytes) { try take(line) }
    }

    /// The work is over.
    mutating func finish() throws(DevloopError) {
        if let rest = splitter.finish() { try take(rest) }
        if let rest = text.finish() { lines.append(String(decoding: rest, as: UTF8.self)) }
    }

    mutating func takeLines() -> [String] {
        defer { lines = [] }
        return lines
    }

    private mutating func take(_ line: [UInt8]) throws(DevloopError) {
        guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { return }
        guard let json = try? JSONValue(parsing: line), case .object = json else {
            throw DevloopError(
                .protocolViolation,
                "the engine sent what is no JSON object: \(String(decoding: line.prefix(100), as: UTF8.self))")
        }
        if let message = json["error"]?.string ?? json.at("errorDetail", "message")?.string {
            failure = message
        } else if let stream = json["stream"]?.string {
            for line in text.add(Array(stream.utf8)) { show(line) }
            if imageID == nil { imageID = Self.builtID(stream) }
        } else if let id = json.at("aux", "ID")?.string {
            imageID = id
        } else if let status = json["status"]?.string {
            show(status, of: json["id"]?.string)
        }
    }

    private mutating func show(_ line: [UInt8]) {
        if !line.isEmpty { lines.append(String(decoding: line, as: UTF8.self)) }
    }

    private mutating func show(_ status: String, of id: String?) {
        guard let id else { return lines.append(status) }
        guard states[id] != status else { return }
        states[id] = status
        lines.append("\(id): \(status)")
    }

    /// What engines say that do not send the id apart.
    private static func builtID(_ stream: String) -> String? {
        guard let mark = stream.firstRange(of: "Successfully built ") else { return nil }
        let id = stream[mark.upperBound...].prefix { $0.isHexDigit }
        return id.isEmpty ? nil : String(id)
    }
}
