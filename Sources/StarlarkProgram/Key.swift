// SPDX-License-Identifier: Apache-2.0

/// A key, by what it does at the prompt.
enum Key: Equatable {
    case character(Character)
    case left, right, home, end, up, down
    case backspace, delete
    case killToEnd, killToStart, killWord
    case enter, interrupt, endOfInput
    case ignored
}

/// Turns the bytes of a terminal into keys.
enum KeyDecoder {
    /// Reads one key. `next` gives one byte, and nil at the end of the input.
    static func key(_ next: () -> UInt8?) -> Key {
        guard let byte = next() else { return .endOfInput }
        switch byte {
        case 0x01: return .home
        case 0x02: return .left
        case 0x03: return .interrupt
        case 0x04: return .endOfInput
        case 0x05: return .end
        case 0x06: return .right
        case 0x08, 0x7F: return .backspace
        case 0x09: return .character("\t")
        case 0x0A, 0x0D: return .enter
        case 0x0B: return .killToEnd
        case 0x0E: return .down
        case 0x10: return .up
        case 0x15: return .killToStart
        case 0x17: return .killWord
        case 0x1B: return escape(next)
        case 0x20...0x7E: return .character(Character(Unicode.Scalar(byte)))
        case 0xC2...0xF4: return scalar(byte, next)
        default: return .ignored
        }
    }

    /// What follows an escape: `[` or `O`, parameters, and a letter or `~`.
    private static func escape(_ next: () -> UInt8?) -> Key {
        guard let opening = next(), opening == UInt8(ascii: "[") || opening == UInt8(ascii: "O") else {
            return .ignored
        }
        var parameter: [UInt8] = []
        while let byte = next() {
            guard byte >= 0x40 && byte <= 0x7E else {
                parameter.append(byte)
                continue
            }
            switch (byte, String(decoding: parameter, as: UTF8.self)) {
            case (UInt8(ascii: "A"), _): return .up
            case (UInt8(ascii: "B"), _): return .down
            case (UInt8(ascii: "C"), _): return .right
            case (UInt8(ascii: "D"), _): return .left
            case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), "1"), (UInt8(ascii: "~"), "7"): return .home
            case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), "4"), (UInt8(ascii: "~"), "8"): return .end
            case (UInt8(ascii: "~"), "3"): return .delete
            default: return .ignored
            }
        }
        return .ignored
    }

    /// The rest of a character of several bytes.
    private static func scalar(_ first: UInt8, _ next: () -> UInt8?) -> Key {
        var bytes = [first]
        let count = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        while bytes.count < count, let byte = next() { bytes.append(byte) }
        guard let text = String(validating: bytes, as: UTF8.self), let character = text.first else { return .ignored }
        return .character(character)
    }
}
