// SPDX-License-Identifier: Apache-2.0

import DevloopCore

extension JSONValue {
    /// Parses a text that a person wrote.
    /// - Throws: code `.spec`, with line and column in `source`.
    init(parsing text: String, source: String) throws(DevloopError) {
        do throws(JSONSyntaxError) {
            try self.init(parsing: text)
        } catch {
            let before = text.utf8.prefix(error.offset)
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { before.index(after: $0) }
            let column = text.unicodeScalars[(lineStart ?? text.startIndex)..<before.endIndex].count + 1
            throw DevloopError(
                .spec, "no valid JSON: \(error.message)", at: SourceLocation(file: source, line: line, column: column))
        }
    }
}
