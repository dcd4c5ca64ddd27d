// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc

/// Where the files of a tar lie in it: its headers are read, its content is not.
///
/// Takes ustar and pax (IEEE Std 1003.1) and GNU's long names and large sizes, which is what programs that write images
/// produce.
package struct TarIndex: Sendable {
    package struct Entry: Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            case file
            case directory
            /// Symbolic or hard; the target as a path from the root of the archive.
            case link(String)
            /// Devices and the like.
            case other
        }

        package var kind: Kind
        /// Of the first byte of content.
        package var offset: Int
        package var size: Int
    }

    /// More is no image.
    private static let maximumEntries = 200_000
    /// Extended headers hold names.
    private static let maximumExtension = 1 << 20

    /// The archive on this machine.
    package let path: String
    /// By path from the root of the archive, without `./` and final slashes. The last one of a name counts, as for `tar`.
    package private(set) var entries: [String: Entry] = [:]

    /// - Throws: `DevloopError` with code image when it is no tar, is cut off, or holds names that lead outside of it.
    package init(_ path: String) throws(DevloopError) {
        self.path = path
        let file = try TarFile(path)
        try Self.refuseCompressed(file)
        var position = 0
        var names = LongNames()
        var count = 0
        while position < file.size {
            guard let block = try file.read(at: position, count: 512) else {
                throw Self.fault(path, "ends in the middle of a header, at byte \(position)")
            }
            if block.allSatisfy({ $0 == 0 }) { return }
            guard let header = TarHeader(block) else {
                throw Self.fault(path, count == 0 ? "is no tar" : "is damaged: no header at byte \(position)")
            }
            let size = names.size ?? header.size
            guard size >= 0, size <= file.size - position - 512 else {
                throw Self.fault(path, "is cut off: '\(names.path ?? header.path)' does not end in it")
            }
            let content = position + 512
            position = content + (size + 511) / 512 * 512
            switch header.type {
            case UInt8(ascii: "x"), UInt8(ascii: "L"), UInt8(ascii: "K"):
                guard size <= Self.maximumExtension, let bytes = try file.read(at: content, count: size) else {
                    throw Self.fault(path, "is damaged: an extended header of \(size) bytes at byte \(position)")
                }
                names.take(bytes, type: header.type)
            case UInt8(ascii: "g"): break
            default:
                count += 1
                guard count <= Self.maximumEntries else {
                    throw Self.fault(path, "holds more than \(Self.maximumEntries) entries")
                }
                try add(header, names, offset: content, size: size)
                names = LongNames()
            }
        }
    }

    /// The bytes of a file, links followed inside of the archive; nil when there is none of that name.
    package func source(_ name: String) throws(DevloopError) -> ByteSource? {
        guard var wanted = Self.clean(name) else { return nil }
        // Archives of older engines link equal layers to each other; one step is the rule.
        for _ in 0..<16 {
            guard let entry = entries[wanted] else { return nil }
            switch entry.kind {
            case .file:
                var source = ByteSource()
                source.append(file: path, offset: entry.offset, size: entry.size)
                return source
            case .link(let target): wanted = target
            case .directory, .other: return nil
            }
        }
        throw Self.fault(path, "has links that lead in a circle at '\(name)'")
    }

    private mutating func add(
        _ header: TarHeader, _ names: LongNames, offset: Int, size: Int
    ) throws(DevloopError) {
        let text = names.path ?? header.path
        guard let name = Self.clean(text) else {
            throw Self.fault(path, "holds the name '\(text)', which leads outside of it")
        }
        let kind: Entry.Kind
        switch header.type {
        case UInt8(ascii: "0"), 0, UInt8(ascii: "7"): kind = .file
        case UInt8(ascii: "5"): kind = .directory
        case UInt8(ascii: "1"), UInt8(ascii: "2"):
            let target = names.link ?? header.link
            let folder = name.lastIndex(of: "/").map { name[..<$0] } ?? ""
            let joined = header.type == UInt8(ascii: "2") ? "\(folder)/\(target)" : target
            // A link to nowhere is no file; only who asks for it need know.
            kind = Self.clean(target.hasPrefix("/") ? target : joined, root: true).map(Entry.Kind.link) ?? .other
        default: kind = .other
        }
        entries[name] = Entry(kind: kind, offset: offset, size: size)
    }

    /// The path without empty and `.` parts; nil when it leaves the archive.
    /// - Parameter root: whether a leading slash is the archive's root; else it is refused.
    private static func clean(_ path: String, root: Bool = false) -> String? {
        guard root || !path.hasPrefix("/") else { return nil }
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            switch part {
            case ".": continue
            case "..":
                guard !parts.isEmpty else { return nil }
                parts.removeLast()
            default: parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }

    private static func refuseCompressed(_ file: TarFile) throws(DevloopError) {
        guard let start = try file.read(at: 0, count: min(4, file.size)) else { return }
        guard let compression = Compression(start) else { return }
        throw DevloopError(
            .image, "\(file.path) is compressed as a whole with \(compression.rawValue)",
            hint: "unpack it first: \(compression.rawValue) -d")
    }

    private static func fault(_ path: String, _ text: String) -> DevloopError {
        DevloopError(
            .image, "\(path) \(text)", hint: "write the archive again: docker save, or buildah push oci-archive:")
    }
}

/// How bytes are compressed, told by their first ones.
package enum Compression: String, Sendable {
    case gzip, zstd, bzip2, xz

    /// nil for bytes that begin like none of them.
    package init?(_ start: some Collection<UInt8>) {
        let known: [(Compression, [UInt8])] = [
            (.gzip, [0x1F, 0x8B]), (.zstd, [0x28, 0xB5, 0x2F, 0xFD]), (.bzip2, Array("BZh".utf8)),
            (.xz, [0xFD] + Array("7z".utf8)),
        ]
        guard let found = known.first(where: { start.starts(with: $0.1) }) else { return nil }
        self = found.0
    }
}

/// A file that is read in places.
private final class TarFile {
    let path: String
    let size: Int
    private let descriptor: Int32

    init(_ path: String) throws(DevloopError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var info = stat()
        guard descriptor >= 0, fstat(descriptor, &info) == 0 else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw DevloopError(.image, "\(path) cannot be read: \(reason)", hint: "check the path of the image archive")
        }
        self.path = path
        self.descriptor = descriptor
        size = Int(info.st_size)
    }

    deinit { close(descriptor) }

    /// Exactly that many bytes; nil when the file ends before.
    func read(at offset: Int, count: Int) throws(DevloopError) -> [UInt8]? {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset + filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { return }
                filled += got
            }
        }
        guard failure == 0 else {
            throw DevloopError(.image, "\(path) cannot be read: \(String(cString: strerror(failure)))")
        }
        return bytes.count == count ? bytes : nil
    }
}
