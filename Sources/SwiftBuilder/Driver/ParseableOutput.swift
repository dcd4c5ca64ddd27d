// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Reads what `swiftc -parseable-output` writes: messages of JSON, each after a line with its length in bytes
/// (swift-driver, "Parseable output"). Anything else is kept as lines, since a compiler that crashes writes those.
struct ParseableOutput {
    enum Item: Equatable {
        /// The compiler begins with these files.
        case began(files: [String])
        /// What a job has printed: diagnostics.
        case text(String)
    }

    private var buffer: [UInt8] = []

    mutating func add(_ bytes: [UInt8]) -> [Item] {
        buffer += bytes
        var items: [Item] = []
        var start = 0
        while let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: buffer[start..<end], as: UTF8.self)
            if let length = Int(line), length > 0 {
                guard buffer.count >= end + 1 + length else { break }
                items += Self.items(Array(buffer[end + 1..<end + 1 + length]))
                start = end + 1 + length
            } else {
                if !line.isEmpty { items.append(.text(line)) }
                start = end + 1
            }
        }
        buffer.removeFirst(start)
        return items
    }

    private static func items(_ message: [UInt8]) -> [Item] {
        guard let json = try? JSONValue(parsing: message), let kind = json["kind"]?.string else {
            return [.text(String(decoding: message, as: UTF8.self))]
        }
        switch kind {
        case "began" where json["name"]?.string == "compile":
            return [.began(files: (json["inputs"]?.array ?? []).compactMap(\.string))]
        case "finished", "signalled", "abnormal-exit":
            var items: [Item] = []
            if let text = json["output"]?.string, !text.isEmpty { items.append(.text(text)) }
            if kind != "finished" {
                items.append(.text("error: the compiler ended abnormally in '\(json["name"]?.string ?? "?")'"))
            }
            return items
        default: return []
        }
    }
}
