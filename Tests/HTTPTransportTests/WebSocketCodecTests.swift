// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Testing

@Suite struct WebSocketCodecTests {
    struct DecodeCase: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var want: [WebSocketDecoder.Event]
        var testDescription: String { name }

        static let all: [DecodeCase] = [
            // RFC 6455 §5.7
            DecodeCase(
                name: "unmasked text", bytes: [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F],
                want: [.message(Array("Hello".utf8), isText: true)]),
            DecodeCase(
                name: "fragmented text", bytes: [0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F],
                want: [.message(Array("Hello".utf8), isText: true)]),
            DecodeCase(
                name: "ping", bytes: [0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], want: [.ping(Array("Hello".utf8))]),
            DecodeCase(
                name: "256 bytes", bytes: [0x82, 0x7E, 0x01, 0x00] + [UInt8](repeating: 7, count: 256),
                want: [.message([UInt8](repeating: 7, count: 256), isText: false)]),
            DecodeCase(
                name: "64 KiB", bytes: [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 9, count: 65_536),
                want: [.message([UInt8](repeating: 9, count: 65_536), isText: false)]),
            // Control frames may come between fragments.
            DecodeCase(
                name: "ping between fragments", bytes: [0x02, 0x01, 1, 0x89, 0x00, 0x80, 0x01, 2],
                want: [.ping([]), .message([1, 2], isText: false)]),
            DecodeCase(name: "empty message", bytes: [0x82, 0x00], want: [.message([], isText: false)]),
            DecodeCase(name: "pong", bytes: [0x8A, 0x01, 5], want: [.pong([5])]),
            DecodeCase(name: "close without code", bytes: [0x88, 0x00], want: [.close(code: 1005, reason: "")]),
            DecodeCase(
                name: "close with reason", bytes: [0x88, 0x05, 0x03, 0xE8] + Array("bye".utf8),
                want: [.close(code: 1000, reason: "bye")]),
            DecodeCase(
                name: "two messages", bytes: [0x82, 0x01, 1, 0x82, 0x01, 2],
                want: [.message([1], isText: false), .message([2], isText: false)]),
        ]
    }

    @Test(arguments: DecodeCase.all) func decodesWhole(_ test: DecodeCase) throws {
        var decoder = WebSocketDecoder()
        decoder.append(test.bytes)
        #expect(try events(&decoder) == test.want, "\(test.name)")
    }

    @Test(arguments: DecodeCase.all) func decodesByteByByte(_ test: DecodeCase) throws {
        var decoder = WebSocketDecoder()
        var got: [WebSocketDecoder.Event] = []
        for byte in test.bytes {
            decoder.append([byte])
            got += try events(&decoder)
        }
        #expect(got == test.want, "\(test.name)")
    }

    struct FaultCase: Sendable, CustomTestStringConvertible {
        var bytes: [UInt8]
        var want: WebSocketFault
        var testDescription: String { want.text }

        static let all: [FaultCase] = [
            FaultCase(bytes: [0xC2, 0x00], want: .reservedBits),
            FaultCase(bytes: [0x83, 0x00], want: .unknownOpcode(3)),
            FaultCase(bytes: [0x8B, 0x00], want: .unknownOpcode(11)),
            FaultCase(bytes: [0x82, 0x80, 0, 0, 0, 0], want: .masked),
            // Control frames: not fragmented, at most 125 bytes.
            FaultCase(bytes: [0x09, 0x00], want: .badControlFrame),
            FaultCase(bytes: [0x89, 0x7E, 0x00, 0x7E], want: .badControlFrame),
            // Lengths in the shortest form, below 2^63.
            FaultCase(bytes: [0x82, 0x7E, 0x00, 0x7D], want: .badLength),
            FaultCase(bytes: [0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], want: .badLength),
            FaultCase(bytes: [0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0], want: .badLength),
            // Limits hold before the payload is here, and over fragments.
            FaultCase(bytes: [0x82, 0x7E, 0x03, 0xE9], want: .tooLarge(1_001)),
            FaultCase(
                bytes: [0x02, 0x7E, 0x03, 0xE8] + [UInt8](repeating: 0, count: 1_000) + [0x80, 0x01],
                want: .tooLarge(1_001)),
            FaultCase(bytes: [0x80, 0x00], want: .badSequence),
            FaultCase(bytes: [0x02, 0x00, 0x82, 0x00], want: .badSequence),
        ]
    }

    @Test(arguments: FaultCase.all) func refuses(_ test: FaultCase) {
        var decoder = WebSocketDecoder(maximumMessage: 1_000)
        decoder.append(test.bytes)
        #expect(throws: test.want) { _ = try events(&decoder) }
    }

    @Test(arguments: [0, 1, 7, 8, 9, 125, 126, 127, 65_535, 65_536, 100_003])
    func encodesMasked(_ size: Int) throws {
        let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        let bytes = WebSocketFrame(.binary, payload).encoded(mask: 0x37FA_213D)
        #expect(bytes[0] == 0x82)
        #expect(bytes[1] & 0x80 == 0x80)
        // Undo what a server undoes: clear the mask bit, drop the key, unmask.
        let header = size < 126 ? 2 : size < 65_536 ? 4 : 10
        let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        #expect(Array(bytes[header..<header + 4]) == key)
        var plain = Array(bytes[..<header])
        plain[1] &= 0x7F
        plain += bytes[(header + 4)...].enumerated().map { $1 ^ key[$0 & 3] }
        var decoder = WebSocketDecoder()
        decoder.append(plain)
        #expect(try events(&decoder) == [.message(payload, isText: false)])
    }

    @Test func masksTheExampleOfTheStandard() {
        #expect(
            WebSocketFrame(.text, Array("Hello".utf8)).encoded(mask: 0x37FA_213D)
                == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
    }

    private func events(_ decoder: inout WebSocketDecoder) throws(WebSocketFault) -> [WebSocketDecoder.Event] {
        var events: [WebSocketDecoder.Event] = []
        while let event = try decoder.next() { events.append(event) }
        return events
    }
}
