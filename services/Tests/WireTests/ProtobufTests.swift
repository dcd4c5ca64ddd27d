// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import Testing
import Wire

@Suite struct ProtobufTests {
    /// Bytes as the original's generated code writes them.
    @Test func readsAndWritesTheRequestsBytes() throws {
        let bytes: [UInt8] = [0x0a, 4, 0x6c, 0x69, 0x61, 0x74, 0x12, 2, 0x31, 0x30]
        #expect(try GetNewsRequest(protobuf: bytes) == GetNewsRequest(username: "liat", startToken: "10"))
        #expect(GetNewsRequest(username: "liat", startToken: "10").protobuf == bytes)
        #expect(GetNewsRequest(username: "", startToken: "").protobuf.isEmpty)
    }

    @Test func writesTheResponsesBytes() throws {
        let time = Timestamp(seconds: 300, nanoseconds: 1)
        let event = NewsEvent(kind: .updated, username: "a", url: "u", time: time)
        let response = GetNewsResponse(page: NewsPage(events: [event], nextToken: "7"), err: "e")
        let want: [UInt8] = [
            0x0a, 15, 0x08, 1, 0x12, 1, 0x61, 0x1a, 1, 0x75, 0x22, 5, 0x08, 0xac, 0x02, 0x10, 1,  // events
            0x12, 1, 0x37,  // nextToken
            0x1a, 1, 0x65,  // err
        ]
        #expect(response.protobuf == want)
        #expect(try GetNewsResponse(protobuf: want) == response)
        // Type 0 and an empty message are left out, a time before 1970 has all of its bits.
        let old = NewsEvent(kind: .added, username: "", url: "", time: Timestamp(seconds: -1))
        let bytes = GetNewsResponse(page: NewsPage(events: [old], nextToken: "")).protobuf
        #expect(bytes == [0x0a, 13, 0x22, 11, 0x08] + [UInt8](repeating: 0xff, count: 9) + [1])
        #expect(try GetNewsResponse(protobuf: bytes).page.events == [old])
    }

    @Test func passesOverFieldsThatItDoesNotKnow() throws {
        let bytes: [UInt8] =
            [0x18, 0x96, 0x01] + [0x21, 1, 2, 3, 4, 5, 6, 7, 8] + [0x2d, 1, 2, 3, 4] + [0x32, 1, 9]
            + [0x0a, 1, 0x61, 0x0a, 1, 0x62] + [0x08, 1]
        #expect(try GetNewsRequest(protobuf: bytes).username == "b")
    }

    @Test(
        arguments: [
            [0x0a], [0x0a, 2, 0x61], [0x08], [0x08, 0x80], [0x21, 1], [0x2d, 1, 2, 3], [0x0b], [0x0c], [0x00, 1],
            [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
        ] as [[UInt8]])
    func refusesWhatIsNoMessage(bytes: [UInt8]) {
        #expect(throws: DomainError("malformed message")) { try GetNewsRequest(protobuf: bytes) }
    }
}
