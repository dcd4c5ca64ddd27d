// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Testing

@Suite(.timeLimit(.minutes(1)))
struct JournalTests {
    @Test func everySubscriberSeesEverythingInOneOrder() async {
        let journal = Journal { WallTime(milliseconds: 0) }
        let streams = [journal.subscribe(), journal.subscribe()]
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<500 {
                        journal.record(.logWritten, save: number, resource: "r\(writer)")
                    }
                }
            }
        }
        journal.close()
        var seen: [[String]] = []
        for stream in streams {
            var lines: [String] = []
            for await event in stream { lines.append("\(event.sequence) \(event.resource ?? "") \(event.save ?? -1)") }
            seen.append(lines)
        }
        #expect(seen[0] == seen[1])
        #expect(seen[0].count == 4000)
        #expect(seen[0].enumerated().allSatisfy { $1.hasPrefix("\($0 + 1) ") })
        // Each writer's own events keep their order.
        for writer in 0..<8 {
            let own = seen[0].filter { $0.contains(" r\(writer) ") }.compactMap { $0.split(separator: " ").last }
            #expect(own.compactMap { Int($0) } == Array(0..<500))
        }
    }

    @Test func afterTheEndNothingIsTold() async {
        let journal = Journal { WallTime(milliseconds: 5) }
        let early = journal.subscribe()
        #expect(journal.record(.sessionStarted)?.sequence == 1)
        journal.close()
        #expect(journal.record(.sessionEnded) == nil)
        var count = 0
        for await _ in early { count += 1 }
        #expect(count == 1)
        for await _ in journal.subscribe() { Issue.record("an event after the end") }
    }

    @Test func anEventIsOneLineWithItsCommonMembersFirst() {
        let event = Event(
            sequence: 42, time: WallTime(milliseconds: 1_795_519_695_123), kind: .saveServed, save: 4, resource: "web",
            fields: ["way": "sync", "stages": ["watch": 2], "total": 1898])
        #expect(
            event.json.jsonText == #"{"seq":42,"time":"2026-11-24T11:28:15.123Z","kind":"save.served","save":4,"#
                + #""resource":"web","way":"sync","stages":{"watch":2},"total":1898}"#)
    }
}
