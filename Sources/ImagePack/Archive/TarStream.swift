// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Gzip

/// Reads a tar from front to back, compressed or not; what is not asked for is passed over, never held.
final class TarStream {
    struct Entry {
        var path: String
        var link: String
        var size: Int
        var type: UInt8
    }

    /// Extended headers hold names.
    private static let maximumExtension = 1 << 20
    private static let packedPiece = 16 << 10
    private let source: ByteSourceReader
    private var packed: ArraySlice<UInt8> = []
    private let inflater: GzipInflater?
    private var buffer: [UInt8] = []
    private var position = 0
    /// Bytes of the current entry that were not read, and those that pad it.
    private var left = 0
    private var padding = 0

    init(_ source: ByteSource, isCompressed: Bool) {
        self.source = ByteSourceReader(source)
        inflater = isCompressed ? GzipInflater() : nil
    }

    /// The next entry; nil at the end.
    /// - Throws: `DevloopError` with code image when the bytes are no tar or are cut off.
    func next() throws(DevloopError) -> Entry? {
        try skip(left + padding)
        (left, padding) = (0, 0)
        var names = LongNames()
        while let block = try take(512, orNothing: true) {
            if block.allSatisfy({ $0 == 0 }) { return nil }
            guard let header = TarHeader(block) else { throw Self.fault("it is no tar") }
            let size = names.size ?? header.size
            guard size >= 0 else { throw Self.fault("it is no tar") }
            let rest = (512 - size % 512) % 512
            switch header.type {
            case UInt8(ascii: "x"), UInt8(ascii: "L"), UInt8(ascii: "K"):
                guard size <= Self.maximumExtension, let bytes = try take(size) else {
                    throw Self.fault("a header of \(size) bytes")
                }
                names.take(bytes, type: header.type)
                try skip(rest)
            case UInt8(ascii: "g"): try skip(size + rest)
            default:
                (left, padding) = (size, rest)
                return Entry(
                    path: names.path ?? header.path, link: names.link ?? header.link, size: size, type: header.type)
            }
        }
        return nil
    }

    /// The content of the entry that ``next()`` gave last.
    func content() throws(DevloopError) -> [UInt8] {
        defer { left = 0 }
        return try take(left) ?? []
    }

    private func take(_ count: Int, orNothing: Bool = false) throws(DevloopError) -> [UInt8]? {
        while buffer.count - position < count {
            guard let piece = try piece() else {
                if orNothing, buffer.count == position { return nil }
                throw Self.fault("it is cut off")
            }
            if position > 0 {
                buffer.removeFirst(position)
                position = 0
            }
            buffer += piece
        }
        defer { position += count }
        return Array(buffer[position..<position + count])
    }

    private func skip(_ count: Int) throws(DevloopError) {
        var count = count
        while count > buffer.count - position {
            count -= buffer.count - position
            position = 0
            guard let piece = try piece() else { throw Self.fault("it is cut off") }
            buffer = piece
        }
        position += count
    }

    private func piece() throws(DevloopError) -> [UInt8]? {
        guard let inflater else { return try source.next() }
        while true {
            if packed.isEmpty {
                guard let next = try source.next() else { return nil }
                packed = next[...]
            }
            // Little at a time: packed bytes may become a thousand times as many.
            let input = Array(packed.prefix(Self.packedPiece))
            packed = packed.dropFirst(Self.packedPiece)
            do {
                let piece = try inflater.take(input)
                if !piece.isEmpty { return piece }
            } catch {
                throw Self.fault("it is damaged: \(error.reason)")
            }
        }
    }

    private static func fault(_ text: String) -> DevloopError {
        DevloopError(.image, text, hint: "fetch or write the image again")
    }
}
