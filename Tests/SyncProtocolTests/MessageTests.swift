// SPDX-License-Identifier: Apache-2.0

import SyncProtocol
import Testing

@Suite("messages")
struct MessageTests {
    static let digest = [UInt8](0..<32)
    static let path: [UInt8] = Array("/app/\u{e9}".utf8) + [0xFF]
    static let http = ReadinessProbe(
        .http(port: 8080, path: Array("/health".utf8), headers: [Array("A: b".utf8)]), timeoutMilliseconds: 3_000)

    static let messages: [Message] = [
        .hello(Hello(protocolVersion: 1, hostVersion: [1], owner: [2, 3], force: true)),
        .stateRequest,
        .begin(SetHeader(set: 5, base: 4, entryCount: 2, deletionCount: 1, restart: .ifEntryChanged)),
        .begin(
            SetHeader(
                set: .max, base: 0, entryCount: 0, deletionCount: 0, restart: .signal(10), graceMilliseconds: 0,
                probe: http)),
        .begin(
            SetHeader(
                set: 1, base: 0, entryCount: 0, deletionCount: 0, restart: .always, probe: .init(.tcp(port: 1)))),
        .begin(
            SetHeader(
                set: 1, base: 0, entryCount: 0, deletionCount: 0, restart: .never,
                probe: .init(.exec([[1], [], [2]])))),
        .entries([
            SetEntry(path: path, size: 1, mode: 0o755, digest: digest, isEntry: true, content: .data),
            SetEntry(
                path: path, size: .max, mode: 0o644, digest: digest, isEntry: false,
                content: .patch(base: [9], digest: digest)),
            SetEntry(path: [], size: 0, mode: 0, digest: digest, isEntry: false, content: .keep),
            SetEntry(path: path, size: 9, mode: 0, digest: digest, isEntry: false, content: .resume(from: .max)),
        ]),
        .deletions([SetDeletion(path: path), SetDeletion(path: path, imageDigest: digest)]),
        .data(file: 3, payload: [0, 1, 2, 3, 7, 8], start: 4),
        .copy(file: 3, offset: .max, length: .max),
        .commit(set: 8), .abort(set: 8), .restart, .signal(64),
        .welcome(
            Welcome(
                protocolVersion: 1, agentVersion: [1], architecture: [2], pid: 1, uid: 65_534, gid: 0, appFolder: path)),
        .stateFiles([RecordEntry(path: path, digest: digest, size: 9, mode: 0o755, isEntry: true)]),
        .stateParts([StagedPart(path: path, digest: digest, size: .max)]),
        .state(
            AgentState(
                set: 3, isDirty: true, app: .waiting, pid: 0, runningSet: 2, executable: digest, uptime: 1)),
        .dataAcknowledged(set: 1, bytes: .max),
        .committed(Committed(set: 1, consequence: .restart, foreign: [path, []])),
        .appStarted(AppStarted(set: 1, pid: 9, executable: digest, microseconds: 5)),
        .appExited(AppExited(set: 1, pid: 9, code: 137, signal: 9, uptime: 8, next: .wait)),
        .ready(Ready(set: 1, pid: 9, microseconds: 5, attempts: 2, isReady: true)),
        .fault(Fault(.io, errno: 28, place: path, set: 4)),
        .begin(
            SetHeader(set: 1, base: 0, entryCount: 0, deletionCount: 0, restart: .always, rollsBack: true)),
        .appExited(AppExited(set: 1, pid: 0, code: 126, signal: 0, uptime: 0, next: .rolledBack)),
        .pulledItem(PulledItem(path: path, kind: .file, mode: 0o600, size: .max)),
        .pulledItem(PulledItem(path: [], kind: .other, target: [1], errno: 13)),
        .pulledEnd(digest: digest), .pullDone(items: .max),
        .ping(.max), .pong(0),
    ]

    @Test("every message comes back as it was sent", arguments: messages)
    func roundTrip(_ message: Message) throws {
        let frame = message.frame(id: 42)
        #expect(frame.id == 42)
        let back = try #require(Message(frame))
        guard case .data(let file, let payload, let start) = message else {
            #expect(back == message)
            return
        }
        guard case .data(let backFile, let backPayload, let backStart) = back else {
            Issue.record("\(back)")
            return
        }
        #expect(backFile == file)
        #expect(backPayload[backStart...].elementsEqual(payload[start...]))
    }

    @Test("pulled bytes are what follows their start")
    func pulledData() throws {
        let frame = Message.pulledData(payload: [9, 1, 2, 3], start: 1).frame()
        #expect(frame.payload == [1, 2, 3])
        #expect(Message(frame) == .pulledData(payload: [1, 2, 3], start: 0))
    }

    @Test("all types of frames are among them")
    func complete() {
        let types = Set(Self.messages.map { $0.frame().type }).union([.pulledData])
        #expect(types == Set(FrameType.allCases))
    }

    @Test("a payload that is cut or too long is no message, and nothing traps", arguments: messages)
    func cut(_ message: Message) {
        let frame = message.frame()
        if case .data = message { return }
        for length in 0..<frame.payload.count {
            #expect(Message(Frame(frame.type, id: 0, payload: Array(frame.payload.prefix(length)))) == nil)
        }
        #expect(Message(Frame(frame.type, id: 0, payload: frame.payload + [0])) == nil)
    }

    @Test("numbers of items that cannot be are refused before memory is taken")
    func counts() {
        for type in [FrameType.entries, .deletions, .stateFiles] {
            #expect(Message(Frame(type, id: 0, payload: [255, 255, 255, 255])) == nil)
        }
    }

    @Test("random payloads never trap")
    func random() {
        var state: UInt64 = 88_172_645_463_325_252
        for _ in 0..<20_000 {
            var payload: [UInt8] = []
            for _ in 0..<Int(state % 80) {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                payload.append(UInt8(truncatingIfNeeded: state) & (state & 0x100 == 0 ? 3 : 255))
            }
            state = state &* 6_364_136_223_846_793_005 &+ 1
            for type in FrameType.allCases { _ = Message(Frame(type, id: 0, payload: payload)) }
        }
    }
}
