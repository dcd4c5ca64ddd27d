// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc

/// A folder that is edited at random. There are few names, so that files become folders, links become files, and what
/// was deleted comes back.
struct SyncTree {
    let path: String
    private let hasLinks: Bool
    private var random: SeededGenerator

    /// Stays, so that the folder is never empty: of one that is gone as a whole, containers keep everything.
    private static let anchor = "anchor"

    /// - Parameter hasLinks: Whether edits make symbolic links.
    init(path: String, seed: UInt64, hasLinks: Bool) throws {
        self.path = path
        self.hasLinks = hasLinks
        random = SeededGenerator(seed: seed)
        try write(Self.anchor, [0x61])
        for _ in 0..<40 { try write(name(), bytes(upTo: 2_000)) }
    }

    /// Writes a file that marks the end of a round.
    func mark(_ text: String) throws { try write("round", Array(text.utf8)) }

    /// Makes one edit, and says what it was.
    mutating func edit() throws -> String {
        switch Int.random(in: 0..<16, using: &random) {
        case 0, 1, 2:
            try write(name(), bytes(upTo: 100_000))
            return "a file"
        case 3:
            guard let file = existing(), var content = read(file), !content.isEmpty else { return "nothing" }
            content[Int.random(in: 0..<content.count, using: &random)] ^= 0x20
            try write(file, content)
            return "a byte"
        case 4:
            guard let file = existing(), let content = read(file) else { return "nothing" }
            try write(file, content + bytes(upTo: 500))
            return "a longer file"
        case 5:
            guard let file = existing(), let content = read(file) else { return "nothing" }
            try write(file, Array(content.prefix(content.count / 2)))
            return "a shorter file"
        case 6, 7:
            guard let file = existing() else { return "nothing" }
            try remove(file)
            return "a deletion"
        case 8:
            guard let file = existing() else { return "nothing" }
            let target = name()
            try clear(target)
            guard rename(full(file), full(target)) == 0 else { return "nothing" }
            return "a rename"
        case 9:
            try remove("folder-\(Int.random(in: 0..<3, using: &random))")
            return "a folder less"
        case 10:
            guard let file = existing() else { return "nothing" }
            chmod(full(file), Bool.random(using: &random) ? 0o755 : 0o644)
            return "an executable bit"
        case 11:
            guard hasLinks else { return "nothing" }
            let link = name()
            try clear(link)
            // To the anchor, from wherever the link is; never out of the folder.
            let up = String(repeating: "../", count: link.split(separator: "/").count - 1)
            guard symlink("\(up)\(Self.anchor)", full(link)) == 0 else { return "nothing" }
            return "a link"
        case 12:
            let file = name()
            for _ in 0..<20 { try write(file, bytes(upTo: 300)) }
            return "a burst"
        case 13:
            // As an editor saves: beside it, and over it.
            let file = name()
            try clear(file)
            try write("new", bytes(upTo: 5_000))
            guard rename(full("new"), full(file)) == 0 else { return "nothing" }
            return "a file by rename"
        case 14:
            var content = read("large") ?? [UInt8](repeating: 7, count: 4 << 20)
            content[Int.random(in: 0..<content.count, using: &random)] &+= 1
            try write("large", content)
            return "a byte of a large file"
        default:
            let folder = "many-\(Int.random(in: 0..<2, using: &random))"
            if access(full(folder), F_OK) == 0 {
                try remove(folder)
                return "many files less"
            }
            for number in 0..<100 { try write("\(folder)/\(number)", Array("\(number)".utf8)) }
            return "many files"
        }
    }

    private mutating func name() -> String {
        let number = Int.random(in: 0..<24, using: &random)
        return switch number % 4 {
        case 0: "file-\(number)"
        case 1: "folder-\(number % 3)/file \(number)"
        case 2: "folder-\(number % 3)/-\(number)/d\u{e9}j\u{e0} vu"
        // The name of a folder as that of a file, and deeper.
        default: number % 8 == 3 ? "folder-\(number % 3)" : "folder-\(number % 3)/-\(number - 1)"
        }
    }

    private mutating func bytes(upTo most: Int) -> [UInt8] {
        (0..<Int.random(in: 0...most, using: &random)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ most) }
            + [UInt8.random(in: 0...255, using: &random), UInt8.random(in: 0...255, using: &random)]
    }

    private mutating func existing() -> String? {
        let names = (0..<8).map { _ in name() }
        return names.first { access(full($0), F_OK) == 0 && read($0) != nil }
    }

    private func full(_ name: String) -> String { "\(path)/\(name)" }

    /// Nil for what is no file.
    private func read(_ name: String) -> [UInt8]? {
        var status = stat()
        guard lstat(full(name), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        guard let file = fopen(full(name), "rb") else { return nil }
        defer { fclose(file) }
        var content = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = fread(&content, 1, content.count, file)
        return Array(content.prefix(count))
    }

    private func write(_ name: String, _ bytes: [UInt8]) throws {
        var status = stat()
        if lstat(full(name), &status) != 0 || status.st_mode & S_IFMT != S_IFREG { try clear(name) }
        guard let file = fopen(full(name), "wb") else { throw DevloopError(.process, "cannot write \(name)") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw DevloopError(.process, "cannot write all of \(name)")
        }
    }

    /// Makes room for a file of this name: folders above it are made, and what is there goes.
    private func clear(_ name: String) throws {
        var folder = path
        mkdir(folder, 0o755)
        for part in name.split(separator: "/").dropLast() {
            folder += "/\(part)"
            var status = stat()
            if lstat(folder, &status) == 0, status.st_mode & S_IFMT != S_IFDIR { unlink(folder) }
            mkdir(folder, 0o755)
        }
        try remove(name)
    }

    private func remove(_ name: String) throws {
        let result = TestProgram.run(["rm", "-rf", "--", full(name)])
        guard result.status == 0 else { throw DevloopError(.process, result.output) }
    }
}
