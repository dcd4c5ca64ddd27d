// SPDX-License-Identifier: Apache-2.0

/// How one file of a suite went.
package struct FileResult: Sendable {
    /// The file, relative to the folder of the suites.
    package let path: String
    /// The number of programs in the file.
    package internal(set) var chunks = 0
    /// Programs that did not do what the suite wants.
    package internal(set) var failedChunks = 0
    /// How often the file checks the wording of an error.
    package internal(set) var messages = 0
    /// All that differs from what the suite wants.
    package internal(set) var problems: [Problem] = []

    /// One difference.
    package struct Problem: Sendable {
        /// The line of the file.
        package let line: Int
        package let text: String
        /// Whether only the wording of an error differs.
        package let isMessage: Bool

        init(line: Int, text: String, isMessage: Bool = false) {
            self.line = line
            self.text = text
            self.isMessage = isMessage
        }
    }

    init(path: String) {
        self.path = path
    }

    /// Checks of wording that failed.
    package var failedMessages: Int { problems.count { $0.isMessage } }

    /// Adds what one program showed.
    mutating func add(_ found: [Problem]) {
        chunks += 1
        if found.contains(where: { !$0.isMessage }) { failedChunks += 1 }
        problems += found
    }
}
