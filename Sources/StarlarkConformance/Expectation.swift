// SPDX-License-Identifier: Apache-2.0

/// How expectations are written in the data.
enum Expectation {
    /// The text of a Go string literal.
    static func unquote(_ literal: String) -> String {
        guard let quote = literal.first, let end = literal.dropFirst().lastIndex(of: quote) else { return literal }
        let inner = literal[literal.index(after: literal.startIndex)..<end]
        if quote == "`" { return String(inner) }
        var text = ""
        var escaped = false
        for character in inner {
            if !escaped && character == "\\" {
                escaped = true
                continue
            }
            text += escaped && character == "n" ? "\n" : String(character)
            escaped = false
        }
        return text
    }

    /// Whether a regular expression occurs in a text; one that is none occurs nowhere.
    static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let regex = try? Regex(pattern) else { return false }
        return text.firstMatch(of: regex) != nil
    }

    /// Errors that were not expected where they are, and expectations that no error met.
    static func compare(
        _ errors: [(line: Int, message: String)], with chunk: ChunkedFile.Chunk
    ) -> [FileResult.Problem] {
        var missing = chunk.expectations
        var found: [FileResult.Problem] = []
        for error in errors {
            let index = missing.firstIndex { $0.line == error.line && matches(error.message, unquote($0.text)) }
            if let index {
                missing.remove(at: index)
            } else {
                found.append(.init(line: error.line, text: "unexpected error: \(error.message)"))
            }
        }
        return found + missing.map { .init(line: $0.line, text: "missing error: \($0.text)") }
    }
}
