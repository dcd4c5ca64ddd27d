// SPDX-License-Identifier: Apache-2.0

/// What the plan needs to know of a Dockerfile: the images that it is made from.
///
/// Source: Docker's reference of the Dockerfile format.
struct Dockerfile {
    /// References after `FROM` and `COPY --from=`, stages of the file itself left out, each once.
    private(set) var images: [String] = []

    /// - Parameter arguments: values for `ARG`, above the defaults in the file.
    init(_ text: String, arguments: [String: String]) {
        var variables: [String: String] = [:]
        var stages: Set<String> = ["scratch"]
        var stageCount = 0
        for instruction in Self.instructions(text) {
            let words = instruction.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let keyword = words.first?.uppercased() else { continue }
            switch keyword {
            // Only those before the first FROM can be used in it.
            case "ARG" where stageCount == 0:
                for word in words.dropFirst() {
                    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    let name = String(parts[0])
                    let initial = parts.count > 1 ? Self.unquoted(parts[1]) : nil
                    variables[name] = arguments[name] ?? initial.map { Self.expand($0, variables) }
                }
            case "FROM":
                let names = words.dropFirst().filter { !$0.hasPrefix("--") }
                guard let name = names.first else { continue }
                add(Self.expand(name, variables), unless: stages)
                stages.insert(String(stageCount))
                stageCount += 1
                if let place = names.firstIndex(where: { $0.uppercased() == "AS" }), place + 1 < words.count {
                    stages.insert(words[place + 1].lowercased())
                }
            case "COPY", "RUN":
                for word in words.dropFirst() where word.hasPrefix("--") {
                    guard let from = word.firstRange(of: "from=") else { continue }
                    let name = word[from.upperBound...].prefix { $0 != "," }
                    add(Self.expand(String(name), variables), unless: stages)
                }
            default: break
            }
        }
    }

    private mutating func add(_ image: String, unless stages: Set<String>) {
        guard !stages.contains(image.lowercased()), !images.contains(image), !image.isEmpty else { return }
        images.append(image)
    }

    /// Lines with their continuations joined, without comments.
    private static func instructions(_ text: String) -> [String] {
        var result: [String] = []
        var open = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let start = line.drop(while: \.isWhitespace)
            if start.isEmpty || start.hasPrefix("#") { continue }
            var body = start
            while let last = body.last, last.isWhitespace { body.removeLast() }
            if body.hasSuffix("\\") {
                open += body.dropLast() + " "
            } else {
                result.append(open + body)
                open = ""
            }
        }
        return open.isEmpty ? result : result + [open]
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else {
            return String(text)
        }
        return String(text.dropFirst().dropLast())
    }

    /// `$name`, `${name}`, `${name:-default}` and `${name:+other}`.
    private static func expand(_ text: String, _ variables: [String: String]) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "$" else {
                result.append(character)
                continue
            }
            if rest.first == "{", let end = rest.firstIndex(of: "}") {
                let inside = rest[rest.index(after: rest.startIndex)..<end]
                rest = rest[rest.index(after: end)...]
                let name = inside.prefix { $0 != ":" }
                let value = variables[String(name)] ?? ""
                let rule = inside.dropFirst(name.count)
                if rule.hasPrefix(":-") {
                    result += value.isEmpty ? String(rule.dropFirst(2)) : value
                } else if rule.hasPrefix(":+") {
                    result += value.isEmpty ? "" : String(rule.dropFirst(2))
                } else {
                    result += value
                }
            } else {
                let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                rest = rest.dropFirst(name.count)
                result += variables[String(name)] ?? ""
            }
        }
        return result
    }
}
