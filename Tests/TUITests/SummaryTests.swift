// SPDX-License-Identifier: Apache-2.0

import DashboardTUI
import Testing

struct SummaryTests {
    @Test func namesTheFirstErrorOfEachFailure() {
        #expect(
            DashboardSummary.lines(Samples.busy(), logFolder: ".devloop/logs") == [
                "devloop: 2 of 6 resources good, 2 failed",
                "  x user-manager: Sources/UserManager/Session.swift:41:17: cannot find 'tok' in scope",
                "  ! news-manager: CrashLoop, 6 restarts",
                "logs: .devloop/logs",
            ])
    }

    @Test func isShort() {
        var snapshot = Samples.empty()
        snapshot.services = (0..<20).map { ServiceRow(name: "s\($0)", state: .failed, build: "FAIL") }
        #expect(DashboardSummary.lines(snapshot, logFolder: "x").count <= 5)
        #expect(DashboardSummary.lines(Samples.empty(), logFolder: nil) == ["devloop: 0 of 0 resources good"])
    }
}
