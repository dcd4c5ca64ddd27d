// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPTransport

/// Cuts pieces of bytes into lines without their line feed.
struct LineBuffer {
    /// A longer line is delivered in pieces of this size.
    let maximumLine: Int
    private var buffer: [UInt8] = []
    private var position = 0
    /// Up to here there is no line feed; a long line is not searched again.
    private var searched = 0

    init(maximumLine: Int) { self.maximumLine = maximumLine }

    mutating func append(_ bytes: [UInt8]) {
        if position > 0 {
            buffer.removeFirst(position)
            searched -= position
            position = 0
        }
        buffer += bytes
    }

    /// The next whole line; nil when more bytes are needed.
    mutating func next() -> [UInt8]? {
        if let end = lineFeed() {
            let line = Array(buffer[position..<end])
            position = end + 1
            searched = position
            return line
        }
        searched = buffer.count
        guard buffer.count - position >= maximumLine else { return nil }
        return rest()
    }

    private func lineFeed() -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, searched < bytes.count,
                let found = memchr(base + searched, 0x0A, bytes.count - searched)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// What is left without a line feed; nil when there is nothing.
    mutating func rest() -> [UInt8]? {
        guard position < buffer.count else { return nil }
        defer {
            buffer = []
            position = 0
            searched = 0
        }
        return Array(buffer[position...])
    }
}

/// Lines of a streamed body, pulled.
struct LineReader {
    private let body: HTTPBody
    private var lines: LineBuffer
    private var isAtEnd = false

    /// The last line had no line feed: it may be cut, with the stream.
    private(set) var isCut = false

    init(_ body: HTTPBody, maximumLine: Int) {
        self.body = body
        lines = LineBuffer(maximumLine: maximumLine)
    }

    /// The next line; a last one without a line feed counts.
    mutating func next() async throws -> [UInt8]? {
        while true {
            if let line = lines.next() { return line }
            if isAtEnd {
                let rest = lines.rest()
                isCut = rest != nil
                return rest
            }
            // A flood has the next bytes always ready: others get their turn here, and not only when it ends.
            await Task.yield()
            if let bytes = try await body.next() { lines.append(bytes) } else { isAtEnd = true }
        }
    }
}
