// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Writes POSIX ustar archives (IEEE Std 1003.1, pax interchange format) whose bytes depend on nothing but the content:
/// owner 0, time 0, entries in the order given.
package struct TarBuilder: Sendable {
    package private(set) var source = ByteSource()

    package init() {}

    package mutating func add(
        directory path: String, mode: Int = 0o755, owner: FileOwner = .root
    ) throws(DevloopError) {
        try header(path.hasSuffix("/") ? path : path + "/", mode: mode, size: 0, type: "5", owner: owner)
    }

    package mutating func add(bytes: [UInt8], at path: String, mode: Int = 0o644) throws(DevloopError) {
        try header(path, mode: mode, size: bytes.count, type: "0")
        source.append(bytes)
        pad(bytes.count)
    }

    package mutating func add(content: ByteSource, at path: String, mode: Int = 0o644) throws(DevloopError) {
        try header(path, mode: mode, size: content.size, type: "0")
        source.append(content)
        pad(content.size)
    }

    package mutating func add(file: String, size: Int, at path: String, mode: Int) throws(DevloopError) {
        try header(path, mode: mode, size: size, type: "0")
        source.append(file: file, size: size)
        pad(size)
    }

    package mutating func add(link path: String, to target: String) throws(DevloopError) {
        try header(path, mode: 0o777, size: 0, type: "2", link: target)
    }

    /// Two empty records end the archive. Call once, last.
    package mutating func finish() { source.append([UInt8](repeating: 0, count: 1024)) }

    private mutating func pad(_ size: Int) {
        let rest = size % 512
        if rest > 0 { source.append([UInt8](repeating: 0, count: 512 - rest)) }
    }

    private mutating func header(
        _ path: String, mode: Int, size: Int, type: Unicode.Scalar, link: String = "", owner: FileOwner = .root
    ) throws(DevloopError) {
        var name = Array(path.utf8)
        var prefix: [UInt8] = []
        var records: [(String, String)] = []
        if name.count > 100 {
            if let split = Self.split(name) {
                (prefix, name) = split
            } else {
                records.append(("path", path))
                name = Array(name.prefix(100))
            }
        }
        if link.utf8.count > 100 { records.append(("linkpath", link)) }
        // 11 octal digits hold less than 8 GiB.
        guard size < 1 << 33 else { throw DevloopError(.image, "\(path) is too large for an image layer") }
        if !records.isEmpty {
            let body = records.map(Self.paxRecord).joined()
            let bytes = Array(body.utf8)
            append(name: Array("pax_header".utf8), prefix: [], mode: 0o644, size: bytes.count, type: "x", link: [])
            source.append(bytes)
            pad(bytes.count)
        }
        append(
            name: name, prefix: prefix, mode: mode, size: size, type: type, link: Array(link.utf8.prefix(100)),
            owner: owner)
    }

    /// At a slash, so that the name has at most 100 bytes and the prefix at most 155.
    private static func split(_ path: [UInt8]) -> (prefix: [UInt8], name: [UInt8])? {
        guard path.count <= 256,
            let slash = path.indices.dropLast().first(where: {
                path[$0] == UInt8(ascii: "/") && path.count - $0 - 1 <= 100
            }), slash <= 155, slash > 0
        else { return nil }
        return (Array(path[..<slash]), Array(path[(slash + 1)...]))
    }

    /// `<length> <key>=<value>\n`, where the length counts itself.
    private static func paxRecord(_ record: (String, String)) -> String {
        let rest = " \(record.0)=\(record.1)\n"
        var length = rest.utf8.count + 1
        while "\(length)".utf8.count + rest.utf8.count != length { length = "\(length)".utf8.count + rest.utf8.count }
        return "\(length)\(rest)"
    }

    private mutating func append(
        name: [UInt8], prefix: [UInt8], mode: Int, size: Int, type: Unicode.Scalar, link: [UInt8],
        owner: FileOwner = .root
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], at offset: Int) { block.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
        func octal(_ value: Int, digits: Int) -> [UInt8] {
            let text = String(value, radix: 8)
            return Array((String(repeating: "0", count: digits - text.count) + text).utf8)
        }
        put(name, at: 0)
        put(octal(mode, digits: 7), at: 100)
        put(octal(owner.user, digits: 7), at: 108)
        put(octal(owner.group, digits: 7), at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        block[156] = UInt8(ascii: type)
        put(link, at: 157)
        put(Array("ustar".utf8) + [0] + Array("00".utf8), at: 257)
        put(prefix, at: 345)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6) + [0, 0x20], at: 148)
        source.append(block)
    }
}
