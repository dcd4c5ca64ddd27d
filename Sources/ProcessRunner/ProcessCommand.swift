// SPDX-License-Identifier: Apache-2.0

import CDevloop
import Glibc

/// What a child process is started with.
package struct ProcessCommand: Sendable {
    /// Where the bytes of the child's standard input come from.
    package enum Input: Sendable {
        /// `/dev/null`: the child reads an end at once and can never wait for a person.
        case none
        /// These bytes, then the end.
        case bytes([UInt8])
        /// Chunks as they come, then the end. A failure of the sequence ends the child and is thrown.
        case stream(any AsyncSequence<[UInt8], any Error> & Sendable)
    }

    /// The variables that the child sees.
    package enum Environment: Sendable {
        /// Those of devloop, with these added or replaced.
        case inherit(adding: [String: String] = [:])
        /// These and no others.
        case exact([String: String])
    }

    /// The program, by name (searched on the child's own `PATH`) or by path, and its arguments. No shell is involved.
    package var arguments: [String]
    /// Working directory; nil is devloop's own.
    package var directory: String?
    package var environment: Environment
    package var stdin: Input
    /// What asks the child to end: SIGTERM for most, SIGINT for programs that clean up only on that (SwiftPM).
    package var softSignal: Int32 = SIGTERM
    /// How long the child and everything it has started may take to end before they are killed.
    package var grace: Duration = .seconds(2)

    package init(
        _ arguments: [String], directory: String? = nil, environment: Environment = .inherit(), stdin: Input = .none
    ) {
        self.arguments = arguments
        self.directory = directory
        self.environment = environment
        self.stdin = stdin
    }
}

extension ProcessCommand {
    /// The variables as a dictionary.
    var variables: [String: String] {
        switch environment {
        case .exact(let exact): exact
        case .inherit(let added): ProcessEnvironment.current.merging(added) { $1 }
        }
    }

    /// The program as it was written, for messages.
    package var program: String { arguments.first ?? "" }
}

/// The environment that devloop itself was started with.
package enum ProcessEnvironment {
    package static var current: [String: String] {
        var variables: [String: String] = [:]
        guard var next = dl_environment() else { return variables }
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return variables
    }

    /// The value of one variable; nil when it is not set.
    package static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
