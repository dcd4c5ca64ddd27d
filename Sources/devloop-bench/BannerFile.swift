// SPDX-License-Identifier: Apache-2.0

/// A Swift source with a line `let banner = "..."`, of which that line is edited.
struct BannerFile {
    let path: String
    private let before: String
    private let after: String

    init(_ path: String) throws {
        let lines = try Files.text(path).split(separator: "\n", omittingEmptySubsequences: false)
        guard let index = lines.firstIndex(where: { $0.hasPrefix("let banner = ") }) else {
            throw BenchFailure("\(path) has no line that begins with 'let banner = '")
        }
        self.path = path
        before = lines[..<index].map { $0 + "\n" }.joined()
        after = lines[(index + 1)...].joined(separator: "\n")
    }

    func write(_ banner: String) throws {
        try Files.write(path, Array("\(before)let banner = \"\(banner)\"\n\(after)".utf8))
    }
}

/// Texts that were never served before.
struct Markers {
    private var number = 0
    private let run = UInt32.random(in: 0...UInt32.max)

    /// 16 bytes.
    mutating func next() -> String {
        number += 1
        let text = String(number)
        let hex = String(run, radix: 16)
        return "m" + String(repeating: "0", count: 8 - hex.count) + hex + "-"
            + String(repeating: "0", count: 6 - text.count) + text
    }
}
