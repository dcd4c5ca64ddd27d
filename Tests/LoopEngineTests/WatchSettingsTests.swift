// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// What the spec says of watching reaches the watcher.
@Suite(.timeLimit(.minutes(1)))
struct WatchSettingsTests {
    @Test("the times of watch_settings are the watcher's, at the start and after an edit of the spec")
    func times() async throws {
        var plan = Plan(
            resources: [Samples.local("gen", command: ["make"], deps: ["/project/api"])], watchedFiles: [FakeSpec.file])
        plan.settings.settle = 0.05
        plan.settings.settleLimit = 0.4
        try await TestSession.run(plan) { test in
            try await test.until("files are watched") { test.watch.isStarted }
            #expect(test.watch.settle == [.milliseconds(50), .milliseconds(400)])
            plan.settings.settle = 0.02
            test.spec.set(plan)
            test.watch.save(FakeSpec.file)
            try await test.until("the new time") { test.watch.settle == [.milliseconds(20), .milliseconds(400)] }
        }
    }
}
