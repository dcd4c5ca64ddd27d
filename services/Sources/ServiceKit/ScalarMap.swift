// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Reads the part of YAML that a file of names and tokens needs: one `key: scalar` a line, comments, plain and quoted
/// scalars. Scalars stay text, so that `123` is the token "123". Everything else is refused with its line number.
package enum ScalarMap {
    /// Throws `DomainError` whose text begins with `line N:`.
    package static func parse(_ text: String) throws(DomainError) -> [String: String] {
        var map: [String: String] = [:]
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var reader = LineReader(line: Array(line.unicodeScalars))
            do throws(DomainError) {
                guard let (key, value) = try reader.entry() else { continue }
                guard map[key] == nil else { throw DomainError("the key \"\(key)\" is there twice") }
                map[key] = value
            } catch {
                throw DomainError("line \(index + 1): \(error.text)")
            }
        }
        return map
    }
}

/// One line of the file.
private struct LineReader {
    let line: [Unicode.Scalar]
    var position = 0

    /// `nil` for an empty line, a comment and a document mark.
    mutating func entry() throws(DomainError) -> (String, String)? {
        let whole = rest(from: 0)
        if whole.hasPrefix("---") || whole.hasPrefix("...") || whole.hasPrefix("%YAML") { return nil }
        skipSpace()
        guard !isAtEnd else { return nil }
        guard position == 0 else { throw DomainError("only \"name: token\" is understood, without indentation") }
        let key = try scalar(isKey: true)
        skipSpace()
        guard peek == ":" else { throw DomainError("a colon is missing after \"\(key)\"") }
        position += 1
        guard peek == nil || peek == " " || peek == "\t" else {
            throw DomainError("a space is missing after the colon")
        }
        skipSpace()
        let value = isAtEnd ? "" : try scalar(isKey: false)
        skipSpace()
        guard isAtEnd else { throw DomainError("something follows the value") }
        return (key, value)
    }

    private mutating func scalar(isKey: Bool) throws(DomainError) -> String {
        switch peek {
        case "\"": return try doubleQuoted()
        case "'": return try singleQuoted()
        case "[", "]", "{", "}", "|", ">", "&", "*", "!", "%", "@", "`", ",":
            throw DomainError("only plain and quoted scalars are understood")
        case "-" where next == nil || next == " ", "?" where next == nil || next == " ":
            throw DomainError("only plain and quoted scalars are understood")
        default: break
        }
        let start = position
        while let scalar = peek {
            if scalar == "#", position > start, line[position - 1] == " " || line[position - 1] == "\t" { break }
            if scalar == ":", next == nil || next == " " || next == "\t" {
                guard isKey else { throw DomainError("a second \": \" on the line; quote the value") }
                break
            }
            position += 1
        }
        var end = position
        while end > start, line[end - 1] == " " || line[end - 1] == "\t" { end -= 1 }
        let text = string(line[start..<end])
        // YAML's null; as text it is empty.
        return !isKey && ["~", "null", "Null", "NULL"].contains(text) ? "" : text
    }

    private mutating func singleQuoted() throws(DomainError) -> String {
        position += 1
        var text = ""
        while let scalar = peek {
            position += 1
            if scalar == "'" {
                guard peek == "'" else { return text }
                position += 1
            }
            text.unicodeScalars.append(scalar)
        }
        throw DomainError("the closing ' is missing")
    }

    private mutating func doubleQuoted() throws(DomainError) -> String {
        position += 1
        var text = ""
        while let scalar = peek {
            position += 1
            switch scalar {
            case "\"": return text
            case "\\":
                guard let escaped = peek else { break }
                position += 1
                switch escaped {
                case "\"", "\\", "/": text.unicodeScalars.append(escaped)
                case "n": text += "\n"
                case "r": text += "\r"
                case "t": text += "\t"
                case "0": text += "\0"
                default: throw DomainError("the escape \\\(escaped) is not understood")
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        throw DomainError("the closing \" is missing")
    }

    private var peek: Unicode.Scalar? { position < line.count ? line[position] : nil }
    private var next: Unicode.Scalar? { position + 1 < line.count ? line[position + 1] : nil }
    /// At the end of the line or at a comment.
    private var isAtEnd: Bool { peek == nil || peek == "#" }

    private mutating func skipSpace() {
        while peek == " " || peek == "\t" { position += 1 }
    }

    private func rest(from index: Int) -> String { string(line[index...]) }

    private func string(_ part: ArraySlice<Unicode.Scalar>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: part)
        return text
    }
}
