// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// SwiftPM's own plan of a build, as it writes it for its build engine: `<scratch>/debug.yaml`.
///
/// The file is YAML that llbuild's documentation describes ("Build Manifest"); SwiftPM writes each value as one line of
/// JSON, and only that form is read.
struct BuildManifest: Sendable, Equatable {
    struct Command: Sendable, Equatable {
        var name: String
        var tool = ""
        var inputs: [String] = []
        var outputs: [String] = []
        /// The list of arguments as it stands in the file: most are never needed.
        var argumentText = ""

        var arguments: [String] { BuildManifest.list(argumentText[...]) }
    }

    /// By name; only those that a plain `swift build` runs.
    private(set) var commands: [String: Command] = [:]

    /// - Returns: nil when the text is not in SwiftPM's form.
    init?(parsing text: String) {
        var section = Substring()
        var all: [String: Command] = [:]
        var current: Command?
        var wanted: [String]?
        for line in text.split(separator: "\n") {
            guard line.utf8.first == UInt8(ascii: " ") else {
                section = line.prefix { $0 != ":" }
                continue
            }
            switch section {
            case "targets":
                guard line.hasPrefix("  \"main\": ") else { continue }
                wanted = Self.list(line.dropFirst(10))
            case "commands":
                if line.hasPrefix("  \"") {
                    if let current { all[current.name] = current }
                    guard line.hasSuffix("\":"), let name = Self.list("[\(line.dropFirst(2).dropLast())]").first else {
                        return nil
                    }
                    current = Command(name: name)
                } else if let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) {
                    current?.set(line[..<colon].drop { $0 == " " }, line[colon...].dropFirst(2))
                }
            default: continue
            }
        }
        if let current { all[current.name] = current }
        guard let wanted, !all.isEmpty else { return nil }
        commands = Self.reachable(from: wanted, in: all)
    }

    private static func reachable(from nodes: [String], in all: [String: Command]) -> [String: Command] {
        var producers: [String: String] = [:]
        for command in all.values { for output in command.outputs { producers[output] = command.name } }
        var found: [String: Command] = [:]
        var open = nodes
        while let node = open.popLast() {
            guard let name = producers[node], found[name] == nil, let command = all[name] else { continue }
            found[name] = command
            open += command.inputs
        }
        return found
    }

    /// A JSON list of strings. The manifest of a large package has megabytes of them, nearly all without an escape.
    static func list(_ text: Substring) -> [String] {
        guard text.utf8.contains(UInt8(ascii: "\\")) || !text.hasPrefix("[\"") || !text.hasSuffix("\"]") else {
            return text.dropFirst(2).dropLast(2).split(separator: "\",\"", omittingEmptySubsequences: false).map(
                String.init)
        }
        return ((try? JSONValue(parsing: Array(text.utf8)))?.array ?? []).compactMap(\.string)
    }
}

extension BuildManifest.Command {
    fileprivate mutating func set(_ key: Substring, _ value: Substring) {
        switch key {
        case "tool": tool = String(value)
        case "inputs": inputs = BuildManifest.list(value)
        case "outputs": outputs = BuildManifest.list(value)
        case "args": argumentText = String(value)
        default: break
        }
    }
}
