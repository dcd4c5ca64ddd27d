// SPDX-License-Identifier: Apache-2.0

/// UTF-8 in byte arrays that need not be well formed.
enum UTF8Text {
    /// The scalar at `index` and its length in bytes; nil and 1 where the bytes are no UTF-8.
    static func decode(_ bytes: [UInt8], at index: Int) -> (scalar: Unicode.Scalar?, width: Int) {
        let first = bytes[index]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let width: Int
        var value: UInt32
        switch first {
        case 0xC2...0xDF: (width, value) = (2, UInt32(first & 0x1F))
        case 0xE0...0xEF: (width, value) = (3, UInt32(first & 0x0F))
        case 0xF0...0xF4: (width, value) = (4, UInt32(first & 0x07))
        default: return (nil, 1)
        }
        guard index + width <= bytes.count else { return (nil, 1) }
        for offset in 1..<width {
            let byte = bytes[index + offset]
            guard byte & 0xC0 == 0x80 else { return (nil, 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        let minimum: UInt32 = width == 2 ? 0x80 : width == 3 ? 0x800 : 0x10000
        guard value >= minimum, let scalar = Unicode.Scalar(value) else { return (nil, 1) }
        return (scalar, width)
    }

    /// The scalars of the text, U+FFFD for each byte that is no UTF-8, with where they are.
    static func scalars(_ bytes: [UInt8]) -> [(scalar: Unicode.Scalar, range: Range<Int>, valid: Bool)] {
        var result: [(scalar: Unicode.Scalar, range: Range<Int>, valid: Bool)] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let (scalar, width) = decode(bytes, at: index)
            result.append((scalar ?? replacement, index..<index + width, scalar != nil))
            index += width
        }
        return result
    }

    static let replacement: Unicode.Scalar = "\u{FFFD}"

    /// The UTF-8 bytes of one scalar.
    static func encode(_ scalar: Unicode.Scalar) -> [UInt8] {
        Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    /// The text with U+FFFD in place of each byte that is no UTF-8.
    static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.allSatisfy({ $0 < 0x80 }) { return bytes }
        var result: [UInt8] = []
        for (scalar, range, valid) in scalars(bytes) {
            if valid { result.append(contentsOf: bytes[range]) } else { result.append(contentsOf: encode(scalar)) }
        }
        return result
    }

    /// Whether the scalar shows as itself: letters, marks, numbers, punctuation, symbols and the ASCII space.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    /// Whether the byte is white space in ASCII.
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }
}
