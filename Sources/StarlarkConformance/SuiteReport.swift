// SPDX-License-Identifier: Apache-2.0

/// All suites, run and counted.
package struct SuiteReport {
    /// What each file and suite gave, a line each, and then what is wrong.
    package private(set) var lines: [String] = []
    /// Whether every bar is met and every difference is listed.
    package private(set) var isGood = true

    /// Runs everything.
    package init(_ folder: ConformanceFolder) throws {
        var all: [FileResult] = []
        var totals: [String] = []
        for group in SuiteGroup.all {
            let results = try group.run(folder)
            for result in results { lines.append(Self.line(result)) }
            let chunks = results.reduce(0) { $0 + $1.chunks }
            let passed = chunks - results.reduce(0) { $0 + $1.failedChunks }
            totals.append(total(group.name, "chunks", passed, chunks, bar: group.bar))
            all += results
        }
        let messages = all.reduce(0) { $0 + $1.messages }
        let failed = all.reduce(0) { $0 + $1.failedMessages }
        totals.append(total("message parity", "messages", messages - failed, messages, bar: SuiteGroup.messageBar))
        lines += totals
        for problem in KnownDifferences.unlisted(in: all) {
            lines.append("not listed: \(problem)")
            isGood = false
        }
        for entry in KnownDifferences.outdated(in: all) {
            lines.append("listed but no difference any more: \(entry)")
            isGood = false
        }
    }

    private static func line(_ result: FileResult) -> String {
        var line = "\(result.path): \(result.chunks - result.failedChunks)/\(result.chunks) chunks"
        if result.messages > 0 { line += ", \(result.messages - result.failedMessages)/\(result.messages) messages" }
        return line
    }

    private mutating func total(_ name: String, _ unit: String, _ passed: Int, _ count: Int, bar: Double) -> String {
        let isMet = Double(passed) >= bar * Double(count)
        if !isMet { isGood = false }
        return "total \(name): \(passed)/\(count) \(unit), wanted \(Int(bar * 100)) %: \(isMet ? "met" : "missed")"
    }
}
