// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// The line of a file that an error is about, with a caret.
enum SourceExcerpt {
    /// Longer lines, as generated files have them, help nobody.
    private static let longest = 160

    /// - Parameter directory: what the place's path is relative to.
    /// - Returns: the line and the caret; nothing when the file or the line is not there.
    static func lines(at location: SourceLocation, in directory: String) -> [String] {
        guard let number = location.line, let bytes = try? Files.read(Paths.resolve(location.file, in: directory))
        else {
            return []
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: number, omittingEmptySubsequences: false)
        guard lines.indices.contains(number - 1) else { return [] }
        let line = String(decoding: lines[number - 1], as: UTF8.self).filter { $0 != "\r" }
        guard !line.isEmpty, line.unicodeScalars.count <= longest else { return [] }
        let shown = String(line.map { $0 != "\t" && $0.unicodeScalars.allSatisfy(\.isControl) ? "?" : $0 })
        guard let column = location.column, column > 0 else { return [shown] }
        // Tabs stay, so that the caret stands below its character whatever their width.
        let pad = line.unicodeScalars.prefix(column - 1).map { $0 == "\t" ? "\t" : " " }.joined()
        return [shown, pad + "^"]
    }
}

extension Unicode.Scalar {
    /// Whether it would steer a terminal.
    fileprivate var isControl: Bool { properties.generalCategory == .control }
}
