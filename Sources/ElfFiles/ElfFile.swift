// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the tables of an ELF file say (System V ABI, gABI 4.2; 64-bit, little endian, which is what amd64 and arm64 are).
///
/// Nothing of the file is trusted: an offset or a length that leads outside of it ends the reading of that table.
package struct ElfFile {
    private static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1]
    /// Tables are small; a larger one is not read.
    private static let maximumTable = 16 << 20
    private static let maximumEntries = 65_536

    struct Segment {
        var type: Int
        var offset: Int
        var address: Int
        var size: Int
    }

    /// The bytes at an offset; nil when the file does not have them.
    private let read: (_ offset: Int, _ count: Int) -> [UInt8]?
    private let header: [UInt8]
    let segments: [Segment]

    /// A file of this machine; nil when it is no such ELF file or cannot be read.
    package init?(path: String) {
        let file = OpenFile(path)
        self.init { offset, count in file.read(offset, count) }
    }

    package init?(bytes: [UInt8]) {
        self.init { offset, count in
            offset >= 0 && count >= 0 && offset <= bytes.count && count <= bytes.count - offset
                ? Array(bytes[offset..<offset + count]) : nil
        }
    }

    private init?(read: @escaping (Int, Int) -> [UInt8]?) {
        guard let header = read(0, 64), header.starts(with: Self.magic) else { return nil }
        self.read = read
        self.header = header
        var segments: [Segment] = []
        let start = Self.number(header, 32, 8)
        let count = Self.number(header, 56, 2)
        if let start, let count, Self.number(header, 54, 2) == 56, let table = read(start, count * 56) {
            for entry in stride(from: 0, to: table.count, by: 56) {
                guard let type = Self.number(table, entry, 4), let offset = Self.number(table, entry + 8, 8),
                    let address = Self.number(table, entry + 16, 8), let size = Self.number(table, entry + 32, 8)
                else { continue }
                segments.append(Segment(type: type, offset: offset, address: address, size: size))
            }
        }
        self.segments = segments
    }

    /// Where the sections of some names lie in the file; empty when it has no section table.
    package func sections(_ names: Set<String>) -> [Range<Int>] {
        guard let start = Self.number(header, 40, 8), start > 0, Self.number(header, 58, 2) == 64,
            let count = Self.number(header, 60, 2), let nameIndex = Self.number(header, 62, 2), nameIndex < count,
            let table = read(start, count * 64), let strings = bytes(of: table, nameIndex * 64)
        else { return [] }
        var found: [Range<Int>] = []
        for entry in stride(from: 0, to: table.count, by: 64) {
            // Type 8 (SHT_NOBITS) has no bytes in the file.
            guard let name = Self.number(table, entry, 4), Self.number(table, entry + 4, 4) != 8,
                let offset = Self.number(table, entry + 24, 8), let size = Self.number(table, entry + 32, 8), size > 0,
                names.contains(Self.text(strings, name))
            else { continue }
            found.append(offset..<offset + size)
        }
        return found
    }

    /// The content of the section of a name; nil when there is none.
    package func section(_ name: String) -> [UInt8]? {
        sections([name]).first.flatMap { read($0.lowerBound, $0.count) }
    }

    /// `NT_GNU_BUILD_ID`: the linker's identity of the content.
    package static let buildIDType = 3

    /// In hexadecimal; nil for files without one.
    package var buildID: String? {
        note(Self.buildIDType).flatMap { read($0.lowerBound, $0.count) }?.map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0\(digits)" : digits
        }.joined()
    }

    private func bytes(of table: [UInt8], _ entry: Int) -> [UInt8]? {
        guard let offset = Self.number(table, entry + 24, 8), let size = Self.number(table, entry + 32, 8),
            size <= Self.maximumTable
        else { return nil }
        return read(offset, size)
    }

    /// The content of a note of the GNU tools (`PT_NOTE`, name `GNU`), such as type 3, the build id.
    package func note(_ type: Int) -> Range<Int>? {
        for segment in segments where segment.type == 4 && segment.size <= Self.maximumTable {
            guard let table = read(segment.offset, segment.size) else { continue }
            var position = 0
            while let nameSize = Self.number(table, position, 4), let size = Self.number(table, position + 4, 4),
                let kind = Self.number(table, position + 8, 4)
            {
                let content = position + 12 + (nameSize + 3) / 4 * 4
                guard nameSize < 64, size < 1 << 16, content + size <= table.count else { break }
                if kind == type, Self.text(table, position + 12) == "GNU" {
                    return segment.offset + content..<segment.offset + content + size
                }
                position = content + (size + 3) / 4 * 4
            }
        }
        return nil
    }

    // MARK: libraries

    /// The shared libraries that it names (`DT_NEEDED`), in its order.
    package var neededLibraries: [String] {
        let dynamic = dynamicTable
        guard let strings = strings(dynamic) else { return [] }
        return (dynamic[1] ?? []).map { Self.text(strings, $0) }.filter { !$0.isEmpty }
    }

    // MARK: versions

    /// Versions that it needs of other libraries, by the library's name; weak ones left out.
    package var neededVersions: [String: Set<String>] {
        let dynamic = dynamicTable
        guard let strings = strings(dynamic), let address = dynamic[0x6FFF_FFFE]?.first,
            let count = dynamic[0x6FFF_FFFF]?.first
        else { return [:] }
        var found: [String: Set<String>] = [:]
        // Elf64_Verneed: version, count, file, first version, next; Elf64_Vernaux: hash, flags, other, name, next.
        walk(address, count, size: 16, next: 12) { entry, position in
            guard let file = Self.number(entry, 4, 4), let versions = Self.number(entry, 2, 2),
                let first = Self.number(entry, 8, 4)
            else { return }
            walk(position + first, versions, size: 16, next: 12) { version, _ in
                guard let flags = Self.number(version, 4, 2), flags & 2 == 0, let name = Self.number(version, 8, 4)
                else { return }
                found[Self.text(strings, file), default: []].insert(Self.text(strings, name))
            }
        }
        return found
    }

    /// Versions that it defines.
    package var definedVersions: Set<String> {
        let dynamic = dynamicTable
        guard let strings = strings(dynamic), let address = dynamic[0x6FFF_FFFC]?.first,
            let count = dynamic[0x6FFF_FFFD]?.first
        else { return [] }
        var found: Set<String> = []
        // Elf64_Verdef: version, flags, index, count, hash, first name, next; Elf64_Verdaux: name, next.
        walk(address, count, size: 20, next: 16) { entry, position in
            // The base version is the name of the file.
            guard let flags = Self.number(entry, 2, 2), flags & 1 == 0, let first = Self.number(entry, 12, 4),
                let offset = self.offset(position + first),
                let name = read(offset, 4).flatMap({ Self.number($0, 0, 4) })
            else { return }
            found.insert(Self.text(strings, name))
        }
        return found
    }

    /// Follows a chain of entries, each of which says how far the next one is.
    private func walk(_ address: Int, _ count: Int, size: Int, next: Int, _ body: ([UInt8], Int) -> Void) {
        var address = address
        for _ in 0..<min(count, Self.maximumEntries) {
            guard let offset = offset(address), let entry = read(offset, size), let step = Self.number(entry, next, 4)
            else { return }
            body(entry, address)
            guard step > 0 else { return }
            address += step
        }
    }

    /// The values of `PT_DYNAMIC` by tag.
    private var dynamicTable: [Int: [Int]] {
        guard let segment = segments.first(where: { $0.type == 2 }), segment.size <= Self.maximumTable,
            let table = read(segment.offset, segment.size)
        else { return [:] }
        var values: [Int: [Int]] = [:]
        for entry in stride(from: 0, to: table.count - 15, by: 16) {
            guard let tag = Self.number(table, entry, 8), let value = Self.number(table, entry + 8, 8) else { continue }
            if tag == 0 { break }
            values[tag, default: []].append(value)
        }
        return values
    }

    private func strings(_ dynamic: [Int: [Int]]) -> [UInt8]? {
        guard let address = dynamic[5]?.first, let size = dynamic[10]?.first, size <= Self.maximumTable,
            let offset = offset(address)
        else { return nil }
        return read(offset, size)
    }

    /// Where an address of the loaded program lies in the file.
    private func offset(_ address: Int) -> Int? {
        let segment = segments.first { $0.type == 1 && address >= $0.address && address - $0.address < $0.size }
        return segment.map { address - $0.address + $0.offset }
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int? {
        guard offset >= 0, offset + count <= bytes.count else { return nil }
        let value = bytes[offset..<offset + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // Beyond 2^56 nothing is an offset of a file, and sums of two cannot overflow below it.
        return value < 1 << 56 ? Int(value) : nil
    }

    private static func text(_ bytes: [UInt8], _ offset: Int) -> String {
        guard offset < bytes.count else { return "" }
        return String(decoding: bytes[offset...].prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// A file that is read in places and closed with its last user.
private final class OpenFile {
    private let descriptor: Int32

    init(_ path: String) { descriptor = open(path, O_RDONLY | O_CLOEXEC) }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func read(_ offset: Int, _ count: Int) -> [UInt8]? {
        var info = stat()
        guard descriptor >= 0, fstat(descriptor, &info) == 0, offset >= 0, count >= 0, offset <= Int(info.st_size),
            count <= Int(info.st_size) - offset
        else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, pread(descriptor, buffer.baseAddress, count, off_t(offset)))
        }
        return bytes.count == count ? bytes : nil
    }
}
