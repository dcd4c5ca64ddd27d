// SPDX-License-Identifier: Apache-2.0

/// Puts chunks of bytes together to lines. A line ends at LF or CRLF; a lone CR (progress bars) ends one as well.
package struct LineSplitter: Sendable {
    private var partial: [UInt8] = []
    private var sawReturn = false
    /// Longer lines are cut into pieces of this many bytes, so that output without newlines cannot fill the memory.
    private let limit: Int

    package init(limit: Int = 64 * 1024) { self.limit = limit }

    /// The lines that are complete with these bytes, without their ends.
    package mutating func add(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            defer { sawReturn = byte == 0x0D }
            switch byte {
            case 0x0A where sawReturn: break
            case 0x0A, 0x0D:
                lines.append(partial)
                partial.removeAll(keepingCapacity: true)
            default:
                partial.append(byte)
                if partial.count >= limit {
                    lines.append(partial)
                    partial.removeAll(keepingCapacity: true)
                }
            }
        }
        return lines
    }

    /// What came after the last line end; nil when nothing did. The splitter is empty afterwards.
    package mutating func finish() -> [UInt8]? {
        defer { partial = [] }
        return partial.isEmpty ? nil : partial
    }
}
