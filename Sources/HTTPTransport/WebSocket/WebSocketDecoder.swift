// SPDX-License-Identifier: Apache-2.0

/// Turns the bytes that a server sends into frames, and frames into messages; holds no more than one message.
package struct WebSocketDecoder: Sendable {
    package enum Event: Sendable, Equatable {
        case message([UInt8], isText: Bool)
        case ping([UInt8])
        case pong([UInt8])
        /// Code and reason; 1005 when the frame carried none.
        case close(code: UInt16, reason: String)
    }

    /// Largest message accepted, fragments together.
    package let maximumMessage: Int
    private var buffer: [UInt8] = []
    private var position = 0
    private var fragments: [UInt8] = []
    private var fragmentOpcode: WebSocketFrame.Opcode?

    package init(maximumMessage: Int = 32 << 20) { self.maximumMessage = maximumMessage }

    /// Adds received bytes.
    package mutating func append(_ bytes: [UInt8]) {
        if position == buffer.count {
            buffer = bytes
            position = 0
            return
        }
        // What is consumed is dropped only when it is the larger part, so that dropping costs less than receiving.
        if position > buffer.count / 2 {
            buffer.removeFirst(position)
            position = 0
        }
        buffer += bytes
    }

    /// The next event; nil when more bytes are needed.
    package mutating func next() throws(WebSocketFault) -> Event? {
        while let frame = try nextFrame() {
            switch frame.opcode {
            case .ping: return .ping(frame.payload)
            case .pong: return .pong(frame.payload)
            case .close:
                guard frame.payload.count >= 2 else { return .close(code: 1005, reason: "") }
                let code = UInt16(frame.payload[0]) << 8 | UInt16(frame.payload[1])
                return .close(code: code, reason: String(decoding: frame.payload.dropFirst(2), as: UTF8.self))
            case .text, .binary:
                guard fragmentOpcode == nil else { throw .badSequence }
                if frame.isFinal { return .message(frame.payload, isText: frame.opcode == .text) }
                fragmentOpcode = frame.opcode
                fragments = frame.payload
            case .continuation:
                guard let opcode = fragmentOpcode else { throw .badSequence }
                fragments += frame.payload
                guard frame.isFinal else { continue }
                defer {
                    fragmentOpcode = nil
                    fragments = []
                }
                return .message(fragments, isText: opcode == .text)
            }
        }
        return nil
    }

    private mutating func nextFrame() throws(WebSocketFault) -> WebSocketFrame? {
        let available = buffer.count - position
        guard available >= 2 else { return nil }
        let (first, second) = (buffer[position], buffer[position + 1])
        guard first & 0x70 == 0 else { throw .reservedBits }
        guard let opcode = WebSocketFrame.Opcode(rawValue: first & 0x0F) else { throw .unknownOpcode(first & 0x0F) }
        guard second & 0x80 == 0 else { throw .masked }
        let isFinal = first & 0x80 != 0
        var length = UInt64(second & 0x7F)
        if opcode.isControl { guard isFinal, length <= 125 else { throw .badControlFrame } }
        var header = 2
        if length >= 126 {
            let width = length == 126 ? 2 : 8
            header += width
            guard available >= header else { return nil }
            length = buffer[position + 2..<position + header].reduce(0) { $0 << 8 | UInt64($1) }
            guard length >> 63 == 0, length > (width == 2 ? 125 : 0xFFFF) else { throw .badLength }
        }
        let total = length + UInt64(opcode.isControl ? 0 : fragments.count)
        guard total <= UInt64(maximumMessage) else { throw .tooLarge(total) }
        guard available >= header + Int(length) else { return nil }
        let start = position + header
        let payload = Array(buffer[start..<start + Int(length)])
        position = start + Int(length)
        if position == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 256 << 10)
            position = 0
        }
        return WebSocketFrame(opcode, payload, isFinal: isFinal)
    }
}
