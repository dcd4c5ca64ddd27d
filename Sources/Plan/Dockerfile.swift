// SPDX-License-Identifier: Apache-2.0

/// What devloop needs to know of a Dockerfile: the images that it is made from, and where its instructions stand.
///
/// Source: Docker's reference of the Dockerfile format.
package struct Dockerfile: Sendable {
    /// One instruction with its continuation lines.
    package struct Instruction: Sendable, Equatable {
        /// In upper case: `FROM`, `COPY`.
        package var keyword: String
        /// All of it in one line, without comments.
        package var text: String
        /// 1-based lines of the file.
        package var lines: ClosedRange<Int>
        /// Counts the `FROM`s from 0; -1 before the first.
        package var stage: Int
    }

    /// An image that an instruction names.
    private struct Use: Sendable {
        /// With variables replaced.
        var image: String
        /// As it is written.
        var token: String
        var lines: ClosedRange<Int>
    }

    package let text: String
    package private(set) var instructions: [Instruction] = []
    /// References after `FROM` and `COPY --from=`, stages of the file itself left out, each once.
    package private(set) var images: [String] = []
    private var uses: [Use] = []

    /// - Parameter arguments: values for `ARG`, above the defaults in the file.
    package init(_ text: String, arguments: [String: String] = [:]) {
        self.text = text
        var variables: [String: String] = [:]
        var stages: Set<String> = ["scratch"]
        var stageCount = 0
        for (text, lines) in Self.logicalLines(text) {
            let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let keyword = words.first?.uppercased() else { continue }
            let stage = keyword == "FROM" ? stageCount : stageCount - 1
            instructions.append(Instruction(keyword: keyword, text: text, lines: lines, stage: stage))
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
                note(name, variables, unless: stages, at: lines)
                stages.insert(String(stageCount))
                stageCount += 1
                if let place = names.firstIndex(where: { $0.uppercased() == "AS" }), place + 1 < names.count {
                    stages.insert(names[place + 1].lowercased())
                }
            case "COPY", "RUN":
                for word in words.dropFirst() where word.hasPrefix("--") {
                    guard let from = word.firstRange(of: "from=") else { continue }
                    let name = word[from.upperBound...].prefix { $0 != "," }
                    note(String(name), variables, unless: stages, at: lines)
                }
            default: break
            }
        }
    }

    /// The text with images replaced where `replacement` knows another name; all else stays, the number of lines too.
    package func replacingImages(_ replacement: (String) -> String?) -> String {
        var lines = Self.lines(text).map(String.init)
        for use in uses {
            guard let name = replacement(use.image) else { continue }
            for index in (use.lines.lowerBound - 1)...(use.lines.upperBound - 1) where lines.indices.contains(index) {
                guard let place = Self.place(of: use.token, in: lines[index]) else { continue }
                lines[index].replaceSubrange(place, with: name)
                break
            }
        }
        return lines.joined(separator: text.contains("\r\n") ? "\r\n" : "\n")
    }

    /// A line end of Windows is one character too.
    private static func lines(_ text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    }

    /// Where a name stands as a word of its own: between white space, `=` and `,`.
    private static func place(of token: String, in line: String) -> Range<String.Index>? {
        let isBorder: (Character) -> Bool = { $0.isWhitespace || $0 == "=" || $0 == "," }
        return line.ranges(of: token).first { place in
            let starts = place.lowerBound == line.startIndex || isBorder(line[line.index(before: place.lowerBound)])
            return starts && (place.upperBound == line.endIndex || isBorder(line[place.upperBound]))
        }
    }

    private mutating func note(
        _ token: String, _ variables: [String: String], unless stages: Set<String>, at lines: ClosedRange<Int>
    ) {
        let image = Self.expand(token, variables)
        guard !stages.contains(image.lowercased()), !image.isEmpty else { return }
        uses.append(Use(image: image, token: token, lines: lines))
        if !images.contains(image) { images.append(image) }
    }

    /// Lines with their continuations joined, without comments and without what here-documents hold.
    private static func logicalLines(_ text: String) -> [(text: String, lines: ClosedRange<Int>)] {
        var result: [(text: String, lines: ClosedRange<Int>)] = []
        var open = ""
        var start: Int?
        var documents: [Substring] = []
        for (index, line) in lines(text).enumerated() {
            if let end = documents.first {
                if line.drop(while: { $0 == "\t" }) == end { documents.removeFirst() }
                continue
            }
            let content = line.drop(while: \.isWhitespace)
            if content.isEmpty || content.hasPrefix("#") { continue }
            var body = content
            while let last = body.last, last.isWhitespace { body.removeLast() }
            let first = start ?? index + 1
            if body.hasSuffix("\\") {
                open += body.dropLast() + " "
                start = first
                continue
            }
            result.append((open + body, first...(index + 1)))
            documents = Self.documents(open + body)
            open = ""
            start = nil
        }
        if let start { result.append((open, start...start)) }
        return result
    }

    /// The words that end the here-documents which an instruction begins.
    private static func documents(_ text: String) -> [Substring] {
        guard let keyword = text.split(whereSeparator: \.isWhitespace).first?.uppercased(),
            ["RUN", "COPY", "ADD"].contains(keyword)
        else { return [] }
        return text.split(whereSeparator: \.isWhitespace).compactMap { word in
            guard word.hasPrefix("<<"), !word.hasPrefix("<<<") else { return nil }
            let name = word.dropFirst(2).drop { $0 == "-" || $0 == "\"" || $0 == "'" }
            let end = name.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            return end.isEmpty ? nil : end
        }
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
