// SPDX-License-Identifier: Apache-2.0

/// The fields of one 512-byte tar header that tell where things are.
struct TarHeader {
    var path: String
    var link: String
    var size: Int
    var type: UInt8

    /// nil when the checksum or a number is wrong: this is no header.
    init?(_ block: [UInt8]) {
        guard block.count == 512, let sum = Self.number(block[148..<156]) else { return nil }
        // The checksum counts itself as spaces; old programs summed signed bytes.
        var unsigned = 0
        var signed = 0
        for (index, byte) in block.enumerated() {
            let value = (148..<156).contains(index) ? 0x20 : byte
            unsigned += Int(value)
            signed += Int(Int8(bitPattern: value))
        }
        guard sum == unsigned || sum == signed, let size = Self.number(block[124..<136]) else { return nil }
        self.size = size
        type = block[156]
        link = Self.text(block[157..<257])
        let name = Self.text(block[0..<100])
        // GNU's own format has other things where ustar has the prefix.
        let isUstar = block[257..<263].elementsEqual(Array("ustar".utf8) + [0])
        let prefix = isUstar ? Self.text(block[345..<500]) : ""
        path = prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits, or GNU's binary form for large numbers; nil for anything else.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        if let first = field.first, first & 0x80 != 0 {
            var value = Int(first & 0x7F)
            for byte in field.dropFirst() {
                guard value < 1 << 54 else { return nil }
                value = value << 8 | Int(byte)
            }
            return value
        }
        var value = 0
        var isEnded = false
        for byte in field {
            switch byte {
            case 0, 0x20:
                // Spaces may come first, and end the number after it.
                if value > 0 { isEnded = true }
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                guard !isEnded, value < 1 << 54 else { return nil }
                value = value << 3 | Int(byte - UInt8(ascii: "0"))
            default: return nil
            }
        }
        return value
    }
}

/// What extended headers say of the entry that follows them.
struct LongNames {
    var path: String?
    var link: String?
    var size: Int?

    /// - Parameter type: `x` for pax records, `L` and `K` for GNU's long name and link.
    mutating func take(_ bytes: [UInt8], type: UInt8) {
        switch type {
        case UInt8(ascii: "L"): path = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        case UInt8(ascii: "K"): link = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        default: takeRecords(bytes[...])
        }
    }

    /// `<length> <key>=<value>\n`, where the length counts the whole record.
    private mutating func takeRecords(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while let space = rest.firstIndex(of: 0x20),
            let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > 0, length <= rest.count
        {
            let record = rest.prefix(length)
            rest = rest.dropFirst(length)
            guard space < record.endIndex, let equals = record[space...].firstIndex(of: UInt8(ascii: "=")) else {
                continue
            }
            let value = String(decoding: record[(equals + 1)...].dropLast(), as: UTF8.self)
            switch String(decoding: record[(space + 1)..<equals], as: UTF8.self) {
            case "path": path = value
            case "linkpath": link = value
            case "size": size = Int(value)
            default: break
            }
        }
    }
}
