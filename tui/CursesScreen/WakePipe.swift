// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Synchronization

/// The pipe that wakes the screen's thread: from other threads and from signal handlers.
final class WakePipe: Sendable {
    /// What a byte in the pipe means; the first three are written by the signal handlers.
    enum Signal: UInt8 {
        case resized = 0x57
        case suspend = 0x5A
        case continued = 0x43
        case changed = 0x6B
        case repaint = 0x72
        case close = 0x71
    }

    let reader: CInt
    let writer: CInt
    /// Whether a `changed` was sent that no frame has shown yet; further ones are left out.
    private let isPending = Atomic<Bool>(false)

    init() throws {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw DevloopError(.process, "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        (reader, writer) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        Glibc.close(reader)
        Glibc.close(writer)
    }

    func send(_ signal: Signal) {
        if signal == .changed, isPending.exchange(true, ordering: .acquiringAndReleasing) { return }
        var byte = signal.rawValue
        _ = Glibc.write(writer, &byte, 1)
    }

    /// Right before a frame is made: a change that comes after this is announced anew. Until then the screen knows
    /// that it has to draw, and does not want to be woken a thousand times more before the next frame is due.
    func acceptChanges() { isPending.store(false, ordering: .sequentiallyConsistent) }

    /// Takes everything out of the pipe.
    func drain() -> [Signal] {
        var signals: [Signal] = []
        var buffer = [UInt8](repeating: 0, count: 256)
        while true {
            let count = read(reader, &buffer, buffer.count)
            guard count > 0 else { return signals }
            signals += buffer[..<count].compactMap(Signal.init(rawValue:))
        }
    }
}
