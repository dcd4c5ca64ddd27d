// SPDX-License-Identifier: Apache-2.0

/// A place in a source file.
package struct Position: Sendable, Equatable, CustomStringConvertible {
    /// The file name as it was given to `Starlark.execute`, or `<builtin>` for a function that is not written in Starlark.
    package let file: String
    /// The line, counted from 1; 0 for a place without a line.
    package let line: Int
    /// The column in code points, counted from 1; 0 for a place without a column.
    package let column: Int

    /// The file name that frames of builtins carry.
    package static let builtinFile = "<builtin>"

    /// Makes a position; line and column count from 1.
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file:line:column`, without the parts that are unknown.
    package var description: String {
        if line == 0 { return file }
        return column == 0 ? "\(file):\(line)" : "\(file):\(line):\(column)"
    }
}

/// A position inside the file at hand: half the size of a pointer pair, since every node of the tree has one.
struct Spot: Equatable, Sendable {
    var line: UInt32
    var column: UInt32

    func position(in file: String) -> Position {
        Position(file: file, line: Int(line), column: Int(column))
    }
}
