// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing

@Suite struct EventTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (1, "1970-01-01T00:00:00.001Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (86_400_000, "1970-01-02T00:00:00.000Z"),
            (-86_400_000, "1969-12-31T00:00:00.000Z"),
            (-86_400_001, "1969-12-30T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_767_225_599_999, "2025-12-31T23:59:59.999Z"),
            (1_795_519_695_123, "2026-11-24T11:28:15.123Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func writesDates(_ milliseconds: Int64, _ text: String) {
        let time = WallTime(milliseconds: milliseconds)
        #expect(time.iso8601 == text)
        #expect(time.timeOfDay == text.dropFirst(11).dropLast())
    }

    @Test func timesAreOrdered() {
        #expect(WallTime(milliseconds: -5) < WallTime(milliseconds: -4))
        #expect(!(WallTime(milliseconds: 1) < WallTime(milliseconds: 1)))
    }

    @Test func commonMembersComeFirst() {
        let time = WallTime(milliseconds: 1_795_519_695_123)
        let full = Event(
            sequence: 17, time: time, kind: .syncCommitted, save: 4, resource: "link", fields: ["pod": "p", "send": 9])
        #expect(
            full.json.jsonText == #"{"seq":17,"time":"2026-11-24T11:28:15.123Z","kind":"sync.committed","save":4,"#
                + #""resource":"link","pod":"p","send":9}"#)
        let bare = Event(sequence: 1, time: time, kind: .sessionEnded)
        #expect(bare.json.object?.keys == ["seq", "time", "kind"])
    }

    /// What `docs/events.md` is generated from, and what readers match on.
    @Test func kindsAreDottedAndDescribed() {
        #expect(Set(EventKind.all.map(\.name)).count == EventKind.all.count)
        for kind in EventKind.all {
            #expect(kind.name.split(separator: ".").count == 2, "\(kind.name)")
            #expect(!kind.meaning.isEmpty)
            #expect(Set(kind.fields.map(\.name)).count == kind.fields.count, "\(kind.name)")
            #expect(Set(kind.fields.map(\.name)).isDisjoint(with: ["seq", "time", "kind", "save", "resource"]))
        }
    }
}
