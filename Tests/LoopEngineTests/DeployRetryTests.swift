// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing

@testable import LoopEngine

/// When a deploy is tried again though nothing has changed.
@Suite(.timeLimit(.minutes(1)))
struct DeployRetryTests {
    private static let busy = DevloopError(.sessionBusy, "in use: ann@laptop")

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var error: DevloopError
        var before: DeployRetry?
        var isOneShot = false
        /// Seconds; nil for no other try.
        var delay: Int64?
    }

    private static func before(_ reason: String, _ seconds: Int64) -> DeployRetry {
        DeployRetry(reason: reason, delay: .seconds(seconds))
    }

    static let cases: [Case] = [
        Case(testDescription: "busy", error: busy, delay: 1),
        Case(testDescription: "still busy", error: busy, before: before("in use: ann@laptop", 1), delay: 2),
        Case(testDescription: "for long", error: busy, before: before("in use: ann@laptop", 8), delay: 10),
        Case(testDescription: "for ever", error: busy, before: before("in use: ann@laptop", 10), delay: 10),
        Case(testDescription: "busy with somebody else", error: busy, before: before("in use: bob@desk", 8), delay: 1),
        Case(testDescription: "busy, in run or ci", error: busy, isOneShot: true, delay: nil),
        Case(
            testDescription: "no cluster", error: DevloopError(.clusterUnreachable, "connection refused"), delay: 2),
        Case(
            testDescription: "still no cluster", error: DevloopError(.clusterUnreachable, "connection refused"),
            before: before("the cluster cannot take it: connection refused", 2), delay: 2),
        Case(
            testDescription: "no namespace", error: DevloopError(.namespaceMissing, "namespaces \"a\" not found"),
            delay: 2),
        Case(
            testDescription: "no namespace, in run or ci", error: DevloopError(.namespaceMissing, "not found"),
            isOneShot: true, delay: nil),
        Case(testDescription: "refused", error: DevloopError(.objectRefused, "no such field"), delay: nil),
    ]

    @Test(arguments: cases) func onlyWhatPassesByItselfIsTriedAgain(_ item: Case) {
        let retry = DeployRetry.after(item.error, item.before, isOneShot: item.isOneShot)
        #expect(retry?.delay == item.delay.map { .seconds($0) })
        if let retry { #expect(retry.isWaiting) }
    }

    @Test func theReasonHasItsPlace() {
        var error = Self.busy
        error.location = SourceLocation(file: "app.yaml", line: 3)
        let retry = DeployRetry.after(error, nil, isOneShot: false)
        #expect(retry?.reason == "app.yaml:3: in use: ann@laptop")
    }
}
