// SPDX-License-Identifier: Apache-2.0

extension Message {
    /// The frame that carries this message.
    package func frame(id: UInt32 = 0) -> Frame {
        var writer = ByteWriter()
        let type = write(to: &writer)
        return Frame(type, id: id, payload: writer.bytes)
    }

    private func write(to writer: inout ByteWriter) -> FrameType {
        switch self {
        case .hello(let value):
            value.write(to: &writer)
            return .hello
        case .stateRequest: return .stateRequest
        case .begin(let value):
            value.write(to: &writer)
            return .begin
        case .entries(let values):
            writer.u32(UInt32(truncatingIfNeeded: values.count))
            for value in values { value.write(to: &writer) }
            return .entries
        case .deletions(let values):
            writer.u32(UInt32(truncatingIfNeeded: values.count))
            for value in values { value.write(to: &writer) }
            return .deletions
        case .data(let file, let payload, let start):
            writer.u32(file)
            payload.withUnsafeBytes { writer.raw(UnsafeRawBufferPointer(rebasing: $0[start...])) }
            return .data
        case .copy(let file, let offset, let length):
            writer.u32(file)
            writer.u64(offset)
            writer.u32(length)
            return .copy
        case .commit(let set):
            writer.u64(set)
            return .commit
        case .abort(let set):
            writer.u64(set)
            return .abort
        case .restart: return .restart
        case .signal(let number):
            writer.u8(number)
            return .signal
        default: return writeReport(to: &writer)
        }
    }

    private func writeReport(to writer: inout ByteWriter) -> FrameType {
        switch self {
        case .welcome(let value):
            value.write(to: &writer)
            return .welcome
        case .stateFiles(let values):
            writer.u32(UInt32(truncatingIfNeeded: values.count))
            for value in values { value.write(to: &writer) }
            return .stateFiles
        case .stateParts(let values):
            writer.u32(UInt32(truncatingIfNeeded: values.count))
            for value in values { value.write(to: &writer) }
            return .stateParts
        case .state(let value):
            value.write(to: &writer)
            return .state
        case .dataAcknowledged(let set, let bytes):
            writer.u64(set)
            writer.u64(bytes)
            return .dataAcknowledged
        case .committed(let value):
            writer.u64(value.set)
            writer.u8(value.consequence.rawValue)
            writer.blobs(value.foreign)
            return .committed
        case .appStarted(let value):
            writer.u64(value.set)
            writer.i32(value.pid)
            writer.blob(value.executable)
            writer.u64(value.microseconds)
            return .appStarted
        case .appExited(let value):
            writer.u64(value.set)
            writer.i32(value.pid)
            writer.i32(value.code)
            writer.i32(value.signal)
            writer.u64(value.uptime)
            writer.u8(value.next.rawValue)
            return .appExited
        case .ready(let value):
            writer.u64(value.set)
            writer.i32(value.pid)
            writer.u64(value.microseconds)
            writer.u32(value.attempts)
            writer.flag(value.isReady)
            return .ready
        case .fault(let value):
            value.write(to: &writer)
            return .fault
        case .ping(let token):
            writer.u64(token)
            return .ping
        case .pong(let token):
            writer.u64(token)
            return .pong
        default: return writePull(to: &writer)
        }
    }

    private func writePull(to writer: inout ByteWriter) -> FrameType {
        switch self {
        case .pulledItem(let value):
            value.write(to: &writer)
            return .pulledItem
        case .pulledData(let payload, let start):
            payload.withUnsafeBytes { writer.raw(UnsafeRawBufferPointer(rebasing: $0[start...])) }
            return .pulledData
        case .pulledEnd(let digest):
            writer.blob(digest)
            return .pulledEnd
        case .pullDone(let items):
            writer.u64(items)
            return .pullDone
        default: preconditionFailure("all other messages are written by write(to:) and writeReport(to:)")
        }
    }
}
