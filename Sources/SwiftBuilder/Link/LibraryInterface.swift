// SPDX-License-Identifier: Apache-2.0

import ElfFiles
import Hashing

/// What a link against a shared library depends on: its dynamic symbols with their kinds and sizes (System V ABI, 64-bit,
/// little endian), not its code.
enum LibraryInterface {
    private static let symbolSize = 24

    /// Nil for a file that is no such library, or has no section table.
    static func digest(of path: String) -> ContentDigest? {
        guard let file = ElfFile(path: path), let symbols = file.section(".dynsym"), let names = file.section(".dynstr")
        else { return nil }
        var lines: [[UInt8]] = []
        lines.reserveCapacity(symbols.count / symbolSize)
        for start in stride(from: 0, to: symbols.count - symbolSize + 1, by: symbolSize) {
            let name = symbols[start..<start + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard name < names.count else { return nil }
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
}
