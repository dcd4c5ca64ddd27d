// SPDX-License-Identifier: Apache-2.0

/// What Swift's runtime wrote when a program crashed: addresses and where its files were mapped. Names and lines are not
/// in it, since programs in Pods carry no symbols.
package struct CrashReport: Sendable, Equatable {
    package struct Frame: Sendable, Equatable {
        package var address: UInt64
        /// The instruction after a call; the call itself is before it.
        package var isReturn: Bool
    }

    /// A file that was mapped.
    package struct Image: Sendable, Equatable {
        package var start: UInt64
        package var end: UInt64
        /// The linker's identity of its content, in hexadecimal.
        package var buildID: String
        package var name: String
    }

    /// `Illegal instruction at 0x…`.
    package var cause: String
    /// Of the thread that crashed, the innermost first.
    package var frames: [Frame]
    package var images: [Image]
}

/// Finds crash reports in the lines of a log: the text form of Swift's backtraces (swift, docs/Backtracing.rst).
package struct CrashReader: Sendable {
    private var report: CrashReport?
    private var isCrashedThread = false
    private var isImages = false
    private var lines = 0

    /// A report that is longer is none; frames are limited by the runtime to 64.
    private static let maximumLines = 1000
    private static let start = "*** Program crashed: "

    package init() {}

    /// As the other, from a line's bytes: of a flood of lines almost none has to become a text.
    package mutating func read(_ line: [UInt8]) -> CrashReport? {
        guard report != nil || line.starts(with: Self.start.utf8) else { return nil }
        return read(String(decoding: line, as: UTF8.self))
    }

    /// - Returns: a report, at its last line.
    package mutating func read(_ line: String) -> CrashReport? {
        if line.hasPrefix(Self.start) {
            let cause = line.dropFirst(Self.start.utf8.count)
            report = CrashReport(
                cause: String(cause.hasSuffix(" ***") ? cause.dropLast(4) : cause), frames: [], images: [])
            (isCrashedThread, isImages, lines) = (false, false, 0)
            return nil
        }
        guard report != nil else { return nil }
        lines += 1
        if lines > Self.maximumLines { report = nil }
        if line.hasPrefix("Thread ") {
            isCrashedThread = line.hasSuffix(" crashed:")
        } else if line.hasPrefix("Images (") {
            (isCrashedThread, isImages) = (false, true)
        } else if line.hasPrefix("Backtrace took ") {
            defer { report = nil }
            return report
        } else if isImages, let image = Self.image(line) {
            report?.images.append(image)
        } else if isCrashedThread, let frame = Self.frame(line) {
            report?.frames.append(frame)
        }
        return nil
    }

    /// `3 [ra] 0x0000559e5db81170`, and what may follow.
    private static func frame(_ line: String) -> CrashReport.Frame? {
        let words = line.split(separator: " ")
        guard words.count >= 2, Int(words[0]) != nil, let word = words.first(where: { $0.hasPrefix("0x") }),
            let address = UInt64(word.dropFirst(2), radix: 16)
        else { return nil }
        return CrashReport.Frame(address: address, isReturn: words[1] == "[ra]")
    }

    /// `0x0000559e5db7f000–0x0000559e5db81410 831be59a393c9d7b s /app/s`.
    private static func image(_ line: String) -> CrashReport.Image? {
        let words = line.split(separator: " ")
        guard words.count >= 3 else { return nil }
        let range = words[0].split(separator: "–")
        guard range.count == 2, let start = UInt64(range[0].dropFirst(2), radix: 16),
            let end = UInt64(range[1].dropFirst(2), radix: 16)
        else { return nil }
        return CrashReport.Image(start: start, end: end, buildID: String(words[1]), name: String(words[2]))
    }
}
