// SPDX-License-Identifier: Apache-2.0

/// One frame of RFC 6455, unmasked.
package struct WebSocketFrame: Sendable, Equatable {
    /// The four bits that say what a frame is.
    package enum Opcode: UInt8, Sendable {
        case continuation = 0x0
        case text = 0x1
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA

        package var isControl: Bool { rawValue >= 0x8 }
    }

    package var opcode: Opcode
    /// The last frame of its message.
    package var isFinal: Bool
    package var payload: [UInt8]

    package init(_ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true) {
        self.opcode = opcode
        self.payload = payload
        self.isFinal = isFinal
    }
}

/// How a peer broke RFC 6455.
package enum WebSocketFault: Error, Equatable, Sendable {
    case reservedBits
    case unknownOpcode(UInt8)
    /// A control frame that is fragmented or longer than 125 bytes.
    case badControlFrame
    /// A server must not mask.
    case masked
    /// A length that a shorter form would have held, or with its highest bit set.
    case badLength
    case tooLarge(UInt64)
    /// A continuation without a beginning, or a new message inside another.
    case badSequence

    package var text: String {
        switch self {
        case .reservedBits: "reserved bits are set"
        case .unknownOpcode(let opcode): "unknown opcode \(opcode)"
        case .badControlFrame: "control frame is fragmented or too long"
        case .masked: "server masked a frame"
        case .badLength: "length is not in its shortest form"
        case .tooLarge(let size): "message of \(size) bytes is larger than allowed"
        case .badSequence: "fragments are out of order"
        }
    }
}

extension WebSocketFrame {
    /// The bytes that a client sends: masked with `mask`.
    package func encoded(mask: UInt32) -> [UInt8] { Self.encode(opcode, [payload[...]], isFinal: isFinal, mask: mask) }

    /// Encodes one frame from several parts, without joining them first.
    static func encode(_ opcode: Opcode, _ parts: [ArraySlice<UInt8>], isFinal: Bool = true, mask: UInt32) -> [UInt8] {
        let count = parts.reduce(0) { $0 + $1.count }
        var output: [UInt8] = []
        output.reserveCapacity(count + 14)
        output.append((isFinal ? 0x80 : 0) | opcode.rawValue)
        switch count {
        case ...125: output.append(0x80 | UInt8(count))
        case ...0xFFFF:
            output.append(0x80 | 126)
            output.append(UInt8(count >> 8))
            output.append(UInt8(count & 0xFF))
        default:
            output.append(0x80 | 127)
            for shift in stride(from: 56, through: 0, by: -8) { output.append(UInt8(count >> shift & 0xFF)) }
        }
        withUnsafeBytes(of: mask.bigEndian) { output.append(contentsOf: $0) }
        let start = output.count
        for part in parts { output.append(contentsOf: part) }
        applyMask(mask, to: &output, from: start)
        return output
    }

    /// Masks in words of 8 bytes, since whole executables pass through here.
    private static func applyMask(_ mask: UInt32, to bytes: inout [UInt8], from start: Int) {
        bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var word: UInt64 = 0
            withUnsafeMutableBytes(of: &word) { target in
                withUnsafeBytes(of: mask.bigEndian) { source in
                    for index in 0..<8 { target[index] = source[index & 3] }
                }
            }
            var position = start
            while position + 8 <= buffer.count {
                let value = (base + position).loadUnaligned(as: UInt64.self)
                (base + position).storeBytes(of: value ^ word, as: UInt64.self)
                position += 8
            }
            withUnsafeBytes(of: mask.bigEndian) { key in
                while position < buffer.count {
                    buffer[position] ^= key[(position - start) & 3]
                    position += 1
                }
            }
        }
    }
}
