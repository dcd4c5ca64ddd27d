// SPDX-License-Identifier: Apache-2.0

/// Joins pieces to lines; gives out a line that grows too long in parts, so that memory stays bounded.
struct LineJoiner: Sendable {
    private var pending: [UInt8] = []
    /// Whether `pending` continues a line of which a part was given out.
    private var continues = false

    mutating func take(_ bytes: [UInt8], _ redactor: Redactor) -> [JoinedLine] {
        var lines: [JoinedLine] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            if pending.isEmpty, continues, start == end {
                // The line end of a line whose text was given out already.
            } else if pending.isEmpty {
                lines.append(JoinedLine(text: bytes[start..<end], isContinuation: continues))
            } else {
                pending.append(contentsOf: bytes[start..<end])
                lines.append(JoinedLine(text: pending[...], isContinuation: continues))
                pending = []
            }
            continues = false
            start = end + 1
        }
        pending.append(contentsOf: bytes[start...])
        if pending.count > LogStore.longestLine {
            // The end is kept back, or a secret could be cut in two and escape the redactor.
            if let cleaned = redactor.redacted(pending[...]) { pending = cleaned }
            let keep = min(redactor.longest, LogStore.longestLine / 2)
            if pending.count > keep {
                lines.append(JoinedLine(text: pending.dropLast(keep), isContinuation: continues))
                pending = Array(pending.suffix(keep))
                continues = true
            }
        }
        return lines
    }

    mutating func rest() -> [JoinedLine] {
        defer {
            pending = []
            continues = false
        }
        return pending.isEmpty ? [] : [JoinedLine(text: pending[...], isContinuation: continues)]
    }
}
