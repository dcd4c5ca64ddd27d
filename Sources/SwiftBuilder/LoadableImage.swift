// SPDX-License-Identifier: Apache-2.0

/// The part of an ELF executable that the kernel and the dynamic linker use, told from its program headers (System V
/// ABI, 64-bit, little endian).
///
/// Linkers write what is mapped first and put symbols, debug information and the section table behind it. A copy that
/// ends there runs as the whole file does: Swift's runtime finds its tables through symbols that are mapped, not through
/// section headers.
struct LoadableImage: Equatable {
    /// Bytes from the start of the file that are kept.
    var length: Int
    /// The first bytes of the copy, which name no section table.
    var head: [UInt8]

    /// As much of the file as ``init(head:size:)`` wants to see: room for 72 program headers, where 12 are usual.
    static let headLength = 4096

    private static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1]
    private static let headerSize = 64
    private static let entrySize = 56
    private static let executable = 2
    private static let sharedObject = 3
    private static let load = 1

    /// - Parameters:
    ///   - head: the first ``headLength`` bytes, or the whole of a shorter file.
    ///   - size: of the file.
    /// - Returns: nil for anything that is not laid out so; another tool has to strip it.
    init?(head: [UInt8], size: Int) {
        guard head.count >= Self.headerSize, head.starts(with: Self.magic) else { return nil }
        func number(_ offset: Int, _ bytes: Int) -> Int? {
            let value = head[offset..<offset + bytes].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int(exactly: value)
        }
        guard let type = number(16, 2), type == Self.executable || type == Self.sharedObject,
            let table = number(32, 8), let sections = number(40, 8), number(54, 2) == Self.entrySize,
            let count = number(56, 2), count > 0, table >= Self.headerSize,
            table <= head.count - count * Self.entrySize
        else { return nil }
        var mapped = 0
        var used = table + count * Self.entrySize
        for entry in stride(from: table, to: table + count * Self.entrySize, by: Self.entrySize) {
            guard let kind = number(entry, 4), let offset = number(entry + 8, 8), let length = number(entry + 32, 8),
                offset <= size, length <= size - offset
            else { return nil }
            if kind == Self.load { mapped = max(mapped, offset + length) }
            if length > 0 { used = max(used, offset + length) }
        }
        // Something else that lies behind what is mapped, or sections before its end, is another kind of file.
        guard mapped > 0, used <= mapped, sections == 0 || sections >= mapped else { return nil }
        length = mapped
        var clean = head
        for index in Array(40..<48) + Array(60..<64) { clean[index] = 0 }
        self.head = clean
    }
}
