// SPDX-License-Identifier: Apache-2.0

import CAgent

/// One connection to the agent's socket.
final class Client {
    let descriptor: Int32
    var decoder: FrameDecoder
    /// Set by `hello`.
    var owner: Bytes?
    var wantsForce = false
    /// Milliseconds of the clock when it last said something.
    var lastHeard: UInt64
    /// When a waiting client takes over from an owner that does not answer; 0 when it does not wait.
    var challengeEnds: UInt64 = 0
    private var helloID: UInt32 = 0
    private var output: Bytes = []
    private var outputStart = 0
    private(set) var isClosed = false
    private let crc: CRC32

    init(_ descriptor: Int32, crc: CRC32) {
        self.descriptor = descriptor
        self.crc = crc
        decoder = FrameDecoder(crc: crc)
        lastHeard = now()
    }

    deinit { _ = dl_close(descriptor) }

    var hasOutput: Bool { outputStart < output.count }

    func remember(helloID: UInt32) { self.helloID = helloID }

    func welcome(_ message: Message) { send(message, id: helloID) }

    func send(_ message: Message, id: UInt32 = 0) {
        guard !isClosed else { return }
        message.frame(id: id).encode(into: &output, using: crc)
        flush()
        // A host that does not read its answers is not worth memory.
        if output.count - outputStart > 8 << 20 { close() }
    }

    func flush() {
        while hasOutput, !isClosed {
            let count = output.withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return dl_send(descriptor, base + outputStart, buffer.count - outputStart)
            }
            if count == -DL_EAGAIN { return }
            guard count > 0 else { return close() }
            outputStart += count
        }
        output.removeAll(keepingCapacity: output.capacity <= 1 << 16)
        outputStart = 0
    }

    func close() { isClosed = true }
}
