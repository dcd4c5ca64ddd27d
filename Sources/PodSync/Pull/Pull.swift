// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc
import Hashing
import SyncProtocol

/// Takes in what `devloop-agent read` writes.
package struct Pull {
    /// What came of it.
    package struct Outcome: Sendable, Equatable {
        package var files = 0
        package var folders = 0
        package var links = 0
        /// Content bytes.
        package var bytes: UInt64 = 0
        /// What was left out, and why, a line each.
        package var problems: [String] = []
    }

    /// A file that is being written.
    private struct Open {
        var path: [UInt8]
        var descriptor: Int32
        var size: UInt64
        var mode: UInt16
        var written: UInt64 = 0
        var digest = SHA256()
    }

    private let tree: PullTree
    private var outcome = Outcome()
    private var items: UInt64 = 0
    private var current: Open?
    private var isDone = false

    private init(_ tree: PullTree) { self.tree = tree }

    /// Reads the stream to its end.
    /// - Throws: code `.file` when something cannot be written here, `.sync` when the container has no such path, or the
    ///   stream ends early or is damaged, `.protocolViolation` for what no agent sends. The tree is then incomplete.
    package static func receive(from channel: any ByteChannel, into tree: PullTree) async throws -> Outcome {
        var pull = Pull(tree)
        defer { if let open = pull.current { close(open.descriptor) } }
        var decoder = FrameDecoder(crc: CRC32())
        while !pull.isDone, let bytes = try await channel.receive() {
            decoder.append(bytes)
            do {
                while !pull.isDone, let output = try decoder.next() {
                    guard case .frame(let frame) = output, let message = Message(frame) else { throw Self.damaged }
                    try pull.take(message)
                }
            } catch is FrameDecoder.Failure {
                throw Self.damaged
            }
        }
        guard pull.isDone else {
            throw DevloopError(
                .sync, "the container stopped sending before all was there",
                hint: "an agent of an older devloop cannot read: save a file, or run devloop up again")
        }
        pull.outcome.problems += tree.seal()
        return pull.outcome
    }

    private static var damaged: DevloopError { DevloopError(.sync, "data was damaged on its way from the container") }

    private mutating func take(_ message: Message) throws {
        switch message {
        case .pulledItem(let item) where current == nil: try take(item)
        case .pulledData(let payload, let start): try write(payload[start...])
        case .pulledEnd(let digest): try finish(digest)
        case .pullDone(let count) where current == nil && count == items: isDone = true
        case .fault(let fault):
            let place = String(decoding: fault.place, as: UTF8.self)
            let reason = fault.errno == 0 ? "the path cannot be read" : String(cString: strerror(fault.errno))
            throw DevloopError(.sync, "cannot read \"\(place)\" in the container: \(reason)")
        default: throw DevloopError(.protocolViolation, "the container sent something at a wrong time")
        }
    }

    private mutating func take(_ item: PulledItem) throws {
        // The first one is what was asked for, and everything else lies in it.
        guard item.path.isEmpty == (items == 0) else {
            throw DevloopError(.protocolViolation, "the container sent something that was not asked for")
        }
        items += 1
        switch item.kind {
        case .folder:
            try tree.makeFolder(item.path, mode: item.mode)
            outcome.folders += 1
        case .link:
            if let problem = try tree.makeLink(item.path, to: item.target) {
                outcome.problems.append("\(PullTree.text(item.path)): \(problem)")
            } else {
                outcome.links += 1
            }
        case .file:
            let descriptor = try tree.makeFile(item.path)
            current = Open(path: item.path, descriptor: descriptor, size: item.size, mode: item.mode)
        case .other:
            let reason = item.errno == 0 ? "it is no file, folder or link" : String(cString: strerror(item.errno))
            guard items > 1 else { throw DevloopError(.sync, "cannot pull it: \(reason)") }
            outcome.problems.append("\(PullTree.text(item.path)): \(reason)")
        }
    }

    private mutating func write(_ bytes: ArraySlice<UInt8>) throws {
        guard var open = current, UInt64(bytes.count) <= open.size - open.written else {
            throw DevloopError(.protocolViolation, "the container sent more of a file than there is")
        }
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(open.descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw PullTree.error("cannot write \(PullTree.text(open.path))") }
            rest = rest.dropFirst(count)
        }
        open.digest.update(Array(bytes))
        open.written += UInt64(bytes.count)
        current = open
    }

    private mutating func finish(_ digest: [UInt8]) throws {
        guard var open = current else {
            throw DevloopError(.protocolViolation, "the container ended a file that it did not begin")
        }
        current = nil
        fchmod(open.descriptor, mode_t(open.mode & 0o777))
        close(open.descriptor)
        guard open.digest.finish().bytes == digest else { throw Self.damaged }
        guard open.written == open.size else {
            try tree.remove(open.path)
            guard !open.path.isEmpty else { throw DevloopError(.sync, "the file became shorter while it was read") }
            outcome.problems.append("\(PullTree.text(open.path)): it became shorter while it was read")
            return
        }
        outcome.files += 1
        outcome.bytes += open.written
    }
}
