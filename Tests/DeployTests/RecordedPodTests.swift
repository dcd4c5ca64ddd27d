// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import DevloopTestSupport
import Glibc
import Testing

/// Pods and what was recorded about them, as the real cluster gave them when `ProblemTests` provoked them there
/// (Kubernetes 1.20 with containerd); with `DEVLOOP_RECORD=1` those tests write them anew.
@Suite(.timeLimit(.minutes(1)))
struct RecordedPodTests {
    private static let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Recorded"

    static let names = TestFiles.names(folder).filter { $0.hasSuffix(".json") }.sorted()

    @Test func theyAreThere() { #expect(Self.names.count >= 15) }

    @Test(arguments: names) func theVerdictIsTheSame(_ name: String) throws {
        let recorded = try JSONValue(parsing: Array(TestFiles.read("\(Self.folder)/\(name)").utf8))
        let events = (recorded["events"]?.array ?? []).map { PodEvent($0) }
        let status = PodHealth.status(of: try #require(recorded["pod"]), events: events)
        #expect(status.failure?.code ?? status.word == recorded["code"]?.string)
        #expect(status.since != nil)
        if let failure = status.failure { #expect(failure.hint?.isEmpty == false && !failure.message.isEmpty) }
    }
}
