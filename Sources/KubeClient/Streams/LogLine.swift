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
        // A stamp has at most 35 bytes.
        if let space = line.prefix(40).firstIndex(of: 0x20),
            let time = LogTimestamp(String(decoding: line[..<space], as: UTF8.self))
        {
            self.init(time: time, text: Array(line[(space + 1)...]))
        } else {
            self.init(time: nil, text: line)
        }
    }
}
