// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hashing

/// What a link against a shared library depends on: its dynamic symbols with their kinds and sizes (System V ABI, 64-bit,
/// little endian), not its code.
enum LibraryInterface {
    private static let dynamicSymbols = 11
    private static let sectionSize = 64
    private static let symbolSize = 24

    /// Nil for a file that is no such library, or has no section table.
    static func digest(of path: String) -> ContentDigest? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let header = bytes(descriptor, at: 0, count: 64), header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]),
            let offset = number(header, 40, 8), let count = number(header, 60, 2),
            let sections = bytes(descriptor, at: offset, count: count * sectionSize)
        else { return nil }
        func section(_ index: Int) -> [UInt8]? {
            guard index < count, let start = number(sections, index * sectionSize + 24, 8),
                let length = number(sections, index * sectionSize + 32, 8)
            else { return nil }
            return bytes(descriptor, at: start, count: length)
        }
        for index in 0..<count where number(sections, index * sectionSize + 4, 4) == dynamicSymbols {
            guard let strings = number(sections, index * sectionSize + 40, 4), let symbols = section(index),
                let names = section(strings)
            else { return nil }
            return digest(symbols, names)
        }
        return nil
    }

    private static func digest(_ symbols: [UInt8], _ names: [UInt8]) -> ContentDigest? {
        var lines: [[UInt8]] = []
        lines.reserveCapacity(symbols.count / symbolSize)
        for start in stride(from: 0, to: symbols.count - symbolSize + 1, by: symbolSize) {
            guard let name = number(symbols, start, 4), name < names.count else { return nil }
            // Kind and visibility, whether it is defined here, and the size; the address is left out.
            let isDefined: UInt8 = symbols[start + 6] == 0 && symbols[start + 7] == 0 ? 0 : 1
            let isData = symbols[start + 4] & 0xF == 1
            var line = Array(names[name...].prefix { $0 != 0 })
            line += [0, symbols[start + 4], symbols[start + 5], isDefined]
            if isData { line += symbols[start + 16..<start + 24] }
            lines.append(line)
        }
        lines.sort { $0.lexicographicallyPrecedes($1) }
        var hash = SHA256()
        for line in lines { hash.update(line) }
        return hash.finish()
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int? {
        guard offset >= 0, offset + count <= bytes.count else { return nil }
        return Int(exactly: bytes[offset..<offset + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private static func bytes(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8]? {
        // A library of a gigabyte of symbols is none.
        guard count >= 0, count < 1 << 30 else { return nil }
        var buffer = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = buffer.withUnsafeMutableBytes { raw in
                pread(descriptor, raw.baseAddress.map { $0 + done }, count - done, off_t(offset + done))
            }
            guard got > 0 else { return nil }
            done += got
        }
        return buffer
    }
}
