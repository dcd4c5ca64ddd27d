// SPDX-License-Identifier: Apache-2.0

extension Message {
    /// Reads the message of a frame; nil when the payload is not what its type promises.
    package init?(_ frame: Frame) {
        var reader = ByteReader(frame.payload)
        guard let message = Self.read(frame, &reader), reader.isComplete else { return nil }
        self = message
    }

    private static func read(_ frame: Frame, _ reader: inout ByteReader) -> Message? {
        switch frame.type {
        case .hello: return .hello(Hello(from: &reader))
        case .stateRequest: return .stateRequest
        case .begin: return SetHeader(from: &reader).map { .begin($0) }
        case .entries:
            var entries: [SetEntry] = []
            for _ in 0..<reader.count(ofItemsOfAtLeast: SetEntry.minimumSize) {
                guard let entry = SetEntry(from: &reader) else { return nil }
                entries.append(entry)
            }
            return .entries(entries)
        case .deletions:
            var deletions: [SetDeletion] = []
            for _ in 0..<reader.count(ofItemsOfAtLeast: SetDeletion.minimumSize) {
                deletions.append(SetDeletion(from: &reader))
            }
            return .deletions(deletions)
        case .data:
            let file = reader.u32()
            let start = reader.rest()
            return .data(file: file, payload: frame.payload, start: start)
        case .copy: return .copy(file: reader.u32(), offset: reader.u64(), length: reader.u32())
        case .commit: return .commit(set: reader.u64())
        case .abort: return .abort(set: reader.u64())
        case .restart: return .restart
        case .signal:
            let number = reader.u8()
            return (1...64).contains(number) ? .signal(number) : nil
        case .ping: return .ping(reader.u64())
        case .pong: return .pong(reader.u64())
        default: return readReport(frame, &reader)
        }
    }

    private static func readReport(_ frame: Frame, _ reader: inout ByteReader) -> Message? {
        switch frame.type {
        case .welcome: return .welcome(Welcome(from: &reader))
        case .stateFiles:
            var entries: [RecordEntry] = []
            for _ in 0..<reader.count(ofItemsOfAtLeast: RecordEntry.minimumSize) {
                entries.append(RecordEntry(from: &reader))
            }
            return .stateFiles(entries)
        case .stateParts:
            var parts: [StagedPart] = []
            for _ in 0..<reader.count(ofItemsOfAtLeast: StagedPart.minimumSize) {
                parts.append(StagedPart(from: &reader))
            }
            return .stateParts(parts)
        case .state: return AgentState(from: &reader).map { .state($0) }
        case .dataAcknowledged: return .dataAcknowledged(set: reader.u64(), bytes: reader.u64())
        case .committed:
            let set = reader.u64()
            guard let consequence = Committed.Consequence(rawValue: reader.u8()) else { return nil }
            return .committed(Committed(set: set, consequence: consequence, foreign: reader.blobs()))
        case .appStarted:
            return .appStarted(
                AppStarted(
                    set: reader.u64(), pid: reader.i32(), executable: reader.blob(), microseconds: reader.u64()))
        case .appExited:
            let set = reader.u64()
            let pid = reader.i32()
            let code = reader.i32()
            let signal = reader.i32()
            let uptime = reader.u64()
            guard let next = AppExited.Next(rawValue: reader.u8()) else { return nil }
            return .appExited(
                AppExited(set: set, pid: pid, code: code, signal: signal, uptime: uptime, next: next))
        case .ready:
            return .ready(
                Ready(
                    set: reader.u64(), pid: reader.i32(), microseconds: reader.u64(), attempts: reader.u32(),
                    isReady: reader.flag()))
        case .fault: return Fault(from: &reader).map { .fault($0) }
        case .pulledItem: return PulledItem(from: &reader).map { .pulledItem($0) }
        case .pulledData: return .pulledData(payload: frame.payload, start: reader.rest())
        case .pulledEnd:
            let digest = reader.blob()
            return digest.count == SyncLimits.digestSize ? .pulledEnd(digest: digest) : nil
        case .pullDone: return .pullDone(items: reader.u64())
        default: return nil
        }
    }
}
