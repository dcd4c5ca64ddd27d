// SPDX-License-Identifier: Apache-2.0

/// One line of a container's log.
package struct LogLine: Sendable, Equatable {
    /// When the runtime read it; nil when the line carries no stamp.
    package var time: LogTimestamp?
    /// The bytes after the stamp, without the line feed. Not trusted: may hold control sequences and broken UTF-8.
    package var text: [UInt8]

    package init(time: LogTimestamp?, text: [UInt8]) {
        self.time = time
        self.text = text
    }

    /// The kubelet's own words in the place of a log that the runtime no longer has; the container did not say them.
    var isApology: Bool { time == nil && Self.apologies.contains { text.starts(with: $0) } }
    private static let apologies = [
        "unable to retrieve container logs for ", "failed to try resolving symlinks in path ",
    ].map { Array($0.utf8) }

    /// Splits a line as the API delivers it with `timestamps=true`.
    package init(stamped line: [UInt8]) {
        guard let (time, start) = Self.stamp(in: line, at: 0) else {
            self.init(time: nil, text: line)
            return
        }
        self.init(time: time, text: Self.joined(line, from: start))
    }

    /// After so many bytes runtimes cut a line in pieces: containerd and Docker, and CRI-O.
    private static let pieceSizes = [16_384, 8_192]

    /// Leaves out the stamps between the pieces of a long line: many kubelets write one before each.
    private static func joined(_ line: [UInt8], from start: Int) -> [UInt8] {
        var position = start
        var text: [UInt8] = []
        while let (end, next) = pieceSizes.lazy.compactMap({ size -> (Int, Int)? in
            let end = position + size
            return end < line.count ? stamp(in: line, at: end).map { (end, $0.next) } : nil
        }).first {
            text += line[position..<end]
            position = next
        }
        return text + line[position...]
    }

    /// A stamp that begins at that byte, and where the text after it begins.
    private static func stamp(in line: [UInt8], at start: Int) -> (time: LogTimestamp, next: Int)? {
        // A stamp has 20 to 35 bytes.
        guard start + 20 < line.count else { return nil }
        return line.withUnsafeBytes { bytes in
            var end = start + 20
            let limit = min(start + 36, bytes.count)
            while end < limit, bytes[end] != 0x20 { end += 1 }
            guard end < limit else { return nil }
            return LogTimestamp(UnsafeRawBufferPointer(rebasing: bytes[start..<end])).map { ($0, end + 1) }
        }
    }
}
