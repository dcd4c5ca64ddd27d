// SPDX-License-Identifier: Apache-2.0

import StarlarkConformance
import Testing

/// The public conformance suites. What differs is listed in `KnownDifferences`, so that nothing else can.
@Suite(.enabled(if: ConformanceData.isPresent, ConformanceData.absence), .timeLimit(.minutes(5)))
struct ConformanceTests {
    @Test(arguments: SuiteGroup.all.map(\.name)) func suite(_ name: String) throws {
        let folder = try #require(ConformanceData.folder)
        let group = try #require(SuiteGroup.all.first { $0.name == name })
        let results = try group.run(folder)
        for problem in KnownDifferences.unlisted(in: results) { Issue.record(Comment(rawValue: problem)) }
        #expect(KnownDifferences.outdated(in: results).isEmpty)
        let chunks = results.reduce(0) { $0 + $1.chunks }
        let failed = results.reduce(0) { $0 + $1.failedChunks }
        #expect(Double(chunks - failed) >= group.bar * Double(chunks))
    }

    @Test func messagesAreWordedAsTheSuiteWants() throws {
        let folder = try #require(ConformanceData.folder)
        let results = try SuiteGroup.all.flatMap { try $0.run(folder) }
        let messages = results.reduce(0) { $0 + $1.messages }
        #expect(messages > 300)
        let failed = results.reduce(0) { $0 + $1.failedMessages }
        #expect(Double(messages - failed) >= SuiteGroup.messageBar * Double(messages))
    }
}

/// Where nobody reads the list of skipped tests, absent data is a failure.
struct ConformanceDataTests {
    @Test(.enabled(if: ConformanceData.isRequired, "only where CI=true"))
    func theDataIsThere() {
        #expect(ConformanceData.isPresent, "no conformance data in \(ConformanceData.path)")
    }
}
