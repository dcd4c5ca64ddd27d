// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SwiftBuilder

@Suite struct LoadableImageTests {
    struct Segment: Sendable {
        var kind = 1
        var offset: Int
        var length: Int
    }

    /// A file's head: header, then its program headers.
    private static func head(
        magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1], type: Int = 3, entrySize: Int = 56, sections: Int = 9000,
        _ segments: [Segment]
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64 + 56 * segments.count)
        func put(_ value: Int, at offset: Int, _ count: Int) {
            for index in 0..<count { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
        }
        bytes.replaceSubrange(0..<magic.count, with: magic)
        put(type, at: 16, 2)
        put(64, at: 32, 8)
        put(sections, at: 40, 8)
        put(entrySize, at: 54, 2)
        put(segments.count, at: 56, 2)
        put(30, at: 60, 2)
        put(29, at: 62, 2)
        for (index, segment) in segments.enumerated() {
            put(segment.kind, at: 64 + 56 * index, 4)
            put(segment.offset, at: 64 + 56 * index + 8, 8)
            put(segment.length, at: 64 + 56 * index + 32, 8)
        }
        return bytes
    }

    private static let plain = [
        Segment(offset: 0, length: 4000), Segment(offset: 4096, length: 2000),
        Segment(kind: 2, offset: 5000, length: 100),
        // A stack's permissions have a header and no bytes.
        Segment(kind: 0x6474_E551, offset: 0, length: 0),
    ]

    @Test func endsWithTheLastMappedByteAndNamesNoSections() throws {
        let head = Self.head(Self.plain)
        let image = try #require(LoadableImage(head: head, size: 10_000))
        #expect(image.length == 6096)
        #expect(image.head.count == head.count)
        let different = head.indices.filter { head[$0] != image.head[$0] }
        #expect(Set(different).isSubset(of: Array(40..<48) + Array(60..<64)))
        #expect(image.head[40..<48].allSatisfy { $0 == 0 } && image.head[60..<64].allSatisfy { $0 == 0 })
        // What is cut already stays as it is.
        #expect(LoadableImage(head: image.head, size: 6096) == image)
    }

    static let others: [(String, [UInt8], Int)] = [
        ("nothing", [], 0),
        ("text", Array("#!/bin/sh\n".utf8) + [UInt8](repeating: 0x20, count: 100), 110),
        ("32 bits", head(magic: [0x7F, 0x45, 0x4C, 0x46, 1, 1, 1], plain), 10_000),
        ("big endian", head(magic: [0x7F, 0x45, 0x4C, 0x46, 2, 2, 1], plain), 10_000),
        ("an object", head(type: 1, plain), 10_000),
        ("headers of another size", head(entrySize: 64, plain), 10_000),
        ("no segments", head([]), 10_000),
        ("nothing mapped", head([Segment(kind: 2, offset: 0, length: 10)]), 10_000),
        ("a file that was cut", head(plain), 5000),
        ("a segment behind what is mapped", head(plain + [Segment(kind: 4, offset: 7000, length: 10)]), 10_000),
        ("sections within what is mapped", head(sections: 5000, plain), 10_000),
        ("an offset without end", head([Segment(offset: Int.max, length: 10)]), 10_000),
        ("a table behind the head", Array(head(plain).prefix(100)), 10_000),
    ]

    @Test(arguments: others) func leavesOtherFilesAlone(name: String, head: [UInt8], size: Int) {
        #expect(LoadableImage(head: head, size: size) == nil)
    }
}
