// SPDX-License-Identifier: Apache-2.0

/// How serious a log line is, as far as its text tells.
package enum LogLevel: UInt8, Sendable, Comparable, CaseIterable {
    /// The text names no level.
    case unknown, debug, info, warning, error

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The letter that stands for the level where there is no colour.
    package var letter: String {
        switch self {
        case .unknown: " "
        case .debug: "D"
        case .info: "I"
        case .warning: "W"
        case .error: "E"
        }
    }
}

extension LogLevel {
    /// Bytes at the start of a line in which a level is looked for; loggers write it before the message.
    private static let reach = 160

    /// The first word of the line's beginning that names a level, in any case: `ERROR`, `[warn]`, `level=info`,
    /// `"level":"error"`.
    package static func detect(_ line: some RandomAccessCollection<UInt8>) -> LogLevel {
        var key: UInt64 = 0
        var length = 0
        for byte in line.prefix(reach) {
            let lower = byte | 0x20
            if lower >= 0x61, lower <= 0x7A {
                if length < 8 { key = key << 8 | UInt64(lower) }
                length += 1
                continue
            }
            if length >= 3, length <= 8, let level = words[key] { return level }
            key = 0
            length = 0
        }
        return length >= 3 && length <= 8 ? words[key] ?? .unknown : .unknown
    }

    /// Words packed into integers, so that looking one up makes no `String`.
    private static let words: [UInt64: LogLevel] = {
        let table: [(LogLevel, [String])] = [
            (.error, ["error", "err", "fatal", "critical", "crit", "panic", "severe", "alert", "emerg"]),
            (.warning, ["warning", "warn"]),
            (.info, ["info", "notice"]),
            (.debug, ["debug", "trace", "verbose"]),
        ]
        var words: [UInt64: LogLevel] = [:]
        for (level, names) in table {
            for name in names { words[name.utf8.reduce(0) { $0 << 8 | UInt64($1) }] = level }
        }
        return words
    }()
}
