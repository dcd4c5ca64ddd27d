// SPDX-License-Identifier: Apache-2.0

/// A place in a text file that a person can open: spec, manifest, kubeconfig or Swift source.
package struct SourceLocation: Hashable, Sendable {
    /// Path as it should be shown; absolute where the file was given by a search, else as typed.
    package var file: String
    /// 1-based line; nil when only the file is known.
    package var line: Int?
    /// 1-based column in code points; nil when only the line is known.
    package var column: Int?

    package init(file: String, line: Int? = nil, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }
}

extension SourceLocation: CustomStringConvertible {
    /// `file:line:column`, without the parts that are not known.
    package var description: String {
        guard let line else { return file }
        guard let column else { return "\(file):\(line)" }
        return "\(file):\(line):\(column)"
    }
}
