// SPDX-License-Identifier: Apache-2.0

/// Walks over bytes that should be UTF-8; what is not becomes U+FFFD, one for each byte that begins nothing.
struct UTF8Walk {
    private let bytes: [UInt8]
    private var index = 0
    /// Longest SGR sequence that is looked at; a longer one is shown.
    private static let longestSGR = 64

    init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }

    mutating func next() -> UInt32? {
        guard index < bytes.count else { return nil }
        let first = bytes[index]
        index += 1
        if first < 0x80 { return UInt32(first) }
        let length: Int
        var value: UInt32
        let least: UInt32
        switch first {
        case 0xC2...0xDF: (length, value, least) = (1, UInt32(first & 0x1F), 0x80)
        case 0xE0...0xEF: (length, value, least) = (2, UInt32(first & 0x0F), 0x800)
        case 0xF0...0xF4: (length, value, least) = (3, UInt32(first & 0x07), 0x10000)
        default: return 0xFFFD
        }
        guard index + length <= bytes.count else { return 0xFFFD }
        for offset in 0..<length {
            let byte = bytes[index + offset]
            guard byte & 0xC0 == 0x80 else { return 0xFFFD }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        guard value >= least, value <= 0x10FFFF, !(0xD800...0xDFFF).contains(value) else { return 0xFFFD }
        index += length
        return value
    }

    /// After an ESC: the parameters of `[ … m` when that is what follows, which is then consumed; nil otherwise.
    mutating func takeSGR() -> [Int]? {
        guard index < bytes.count, bytes[index] == 0x5B else { return nil }
        var parameters: [Int] = [0]
        var at = index + 1
        while at < bytes.count, at - index <= Self.longestSGR {
            switch bytes[at] {
            case 0x30...0x39:
                parameters[parameters.count - 1] = min(
                    999, parameters[parameters.count - 1] * 10 + Int(bytes[at] - 0x30))
            case 0x3B, 0x3A:
                parameters.append(0)
            case 0x6D:
                index = at + 1
                return parameters
            default:
                return nil
            }
            at += 1
        }
        return nil
    }
}
