// SPDX-License-Identifier: Apache-2.0

import CAgent

/// One connection to the agent's socket.
///
/// It begins with the input and the output that `attach` hands over; frames go through these from then on, and the socket
/// only tells when either side is gone.
final class Client {
    private let socket: Int32
    /// Both are -1 until `attach` has handed them over.
    private(set) var input: Int32 = -1
    private(set) var output: Int32 = -1
    var decoder: FrameDecoder
    /// Set by `hello`.
    var owner: Bytes?
    /// Milliseconds of the clock when it last said something.
    var lastHeard: UInt64
    /// When a waiting client takes over from an owner that does not answer; 0 when it does not wait.
    var challengeEnds: UInt64 = 0
    private var helloID: UInt32 = 0
    private var unsent: Bytes = []
    private var unsentStart = 0
    private(set) var isClosed = false
    private let crc: CRC32

    init(_ descriptor: Int32, crc: CRC32) {
        socket = descriptor
        self.crc = crc
        decoder = FrameDecoder(crc: crc)
        lastHeard = now()
    }

    deinit {
        _ = dl_close(socket)
        closePair()
    }

    var hasOutput: Bool { unsentStart < unsent.count }

    /// How many items ``waitedFor`` has.
    static let waits = 3

    /// What the loop waits for: the socket, the input, and the output while something is to be written. The end of the
    /// reader shows on an output that nothing is to be written to.
    var waitedFor: [pollfd] {
        [
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
            pollfd(fd: input, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output, events: hasOutput ? Int16(POLLOUT) : 0, revents: 0),
        ]
    }

    /// Takes in what the loop has found, in the order of ``waitedFor``; true when there is something to read.
    func takeIn(_ found: ArraySlice<pollfd>) -> Bool {
        let (first, second, third) = (
            found[found.startIndex].revents, found[found.startIndex + 1].revents, found[found.startIndex + 2].revents
        )
        if third & Int16(POLLERR) != 0 { close() }
        if third != 0 { flush() }
        if first != 0 { greet() }
        return second != 0 && !isClosed
    }

    /// Takes the pair; after it, nothing but the end comes through the socket.
    private func greet() {
        var pair: (Int32, Int32) = (-1, -1)
        let count = dl_receive_pair(socket, &pair.0, &pair.1)
        if count == -DL_EAGAIN { return }
        guard count > 0, input < 0, pair.0 >= 0, pair.1 >= 0, dl_set_nonblocking(pair.1) == 0 else {
            for descriptor in [pair.0, pair.1] where descriptor >= 0 { _ = dl_close(descriptor) }
            return close()
        }
        (input, output) = pair
        // As much as the kernel lets anybody have, so that the stream flows while we write to the disk.
        dl_widen_pipe(input, 1 << 20)
    }

    /// Reads what has come; 0 when nothing has, or the connection is over.
    func receive(_ scratch: Scratch) -> Int {
        let count = dl_read(input, scratch.base, scratch.size)
        if count == -DL_EAGAIN { return 0 }
        guard count > 0 else {
            close()
            return 0
        }
        return count
    }

    func remember(helloID: UInt32) { self.helloID = helloID }

    func welcome(_ message: Message) { send(message, id: helloID) }

    func send(_ message: Message, id: UInt32 = 0) {
        guard !isClosed else { return }
        message.frame(id: id).encode(into: &unsent, using: crc)
        flush()
        // A host that does not read its answers is not worth memory.
        if unsent.count - unsentStart > 8 << 20 { close() }
    }

    func flush() {
        while hasOutput, !isClosed {
            let count = unsent.withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return dl_write_some(output, base + unsentStart, buffer.count - unsentStart)
            }
            if count == -DL_EAGAIN { return }
            guard count > 0 else { return close() }
            unsentStart += count
        }
        unsent.removeAll(keepingCapacity: unsent.capacity <= 1 << 16)
        unsentStart = 0
    }

    /// The stream ends at once; the socket, and with it `attach`, when the loop lets go of this.
    func close() {
        isClosed = true
        closePair()
    }

    private func closePair() {
        for descriptor in [input, output] where descriptor >= 0 { _ = dl_close(descriptor) }
        (input, output) = (-1, -1)
    }
}
