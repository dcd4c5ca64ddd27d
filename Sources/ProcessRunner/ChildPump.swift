// SPDX-License-Identifier: Apache-2.0

import CDevloop
import DevloopCore
import Glibc
import Synchronization

/// What the thread of one child does from start to end. Used by that thread alone.
final class ChildPump {
    private let child: ChildProcess
    private let wake: CInt
    let pid: pid_t
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    // Descriptors of our ends; -1 when closed.
    private var exit: CInt = -1
    private var input: CInt = -1
    private var output: CInt = -1
    private var error: CInt = -1

    /// After the child's end its output is read on for this long when something it left behind holds the pipes open.
    private static let drain = Duration.milliseconds(200)
    /// Milliseconds between looks at a session that is to end, once its leader is gone.
    private static let sessionInterval: CInt = 5
    /// Milliseconds between looks at a child without a descriptor for its end (kernels before 5.3).
    private static let reapInterval: CInt = 10
    /// Chunks that are taken from one stream before the other, and a termination, get their turn.
    private static let chunksPerTurn = 16

    /// Starts the child on the calling thread.
    init(_ child: ChildProcess, path: String, variables: [String: String], wake: CInt) throws {
        self.child = child
        self.wake = wake
        let command = child.command
        let pipes = try ChildPipes(hasInput: command.hasInput, program: command.program)
        let environment = variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var pid: pid_t = 0
        var inDirectory: CInt = 0
        let failure = withCStrings(command.arguments) { arguments in
            withCStrings(environment) { environment in
                dl_spawn(
                    path, arguments, environment, command.directory, pipes.childInput, pipes.childOutput,
                    pipes.childError, command.softSignal, &pid, &inDirectory)
            }
        }
        self.pid = pid
        guard failure == 0 else {
            throw ProgramSearch.failure(failure, command, path: path, inDirectory: inDirectory == 1)
        }
        Guardian.note(pid, begun: true)
        exit = dl_pidfd(pid)
        (input, output, error) = pipes.takeOurs()
        if input < 0 { child.state.withLock { $0.isInputClosed = true } }
    }

    deinit {
        for descriptor in [exit, input, output, error] where descriptor >= 0 { Glibc.close(descriptor) }
        buffer.deallocate()
    }

    /// Moves bytes until the child has ended and is collected.
    func run() -> ProcessStatus {
        let clock = ContinuousClock()
        var status: ProcessStatus?
        var killAt: ContinuousClock.Instant?
        var giveUpAt: ContinuousClock.Instant?
        while true {
            let (isTerminating, isPaused) = child.state.withLock { ($0.isTerminating, $0.isReadingPaused) }
            let now = clock.now
            if isTerminating {
                if let killAt, now >= killAt {
                    dl_session_signal(pid, SIGKILL)
                    giveUpAt = giveUpAt ?? now + .seconds(2)
                } else if killAt == nil {
                    dl_session_signal(pid, child.command.softSignal)
                    killAt = now + child.command.grace
                    giveUpAt = nil
                }
                // A process that even SIGKILL does not end (waiting for a dead disk) must not hold us for ever.
                if status != nil, dl_session_signal(pid, 0) == 0 || giveUpAt.map({ now >= $0 }) ?? false { break }
            } else if status != nil {
                if output < 0 && error < 0 { break }
                if isPaused { giveUpAt = now + Self.drain }
                if let giveUpAt, now >= giveUpAt { break }
            }
            writeInput()
            pause(
                isPaused: isPaused, hasEnded: status != nil, isTerminating: isTerminating,
                until: killAt.map { now < $0 ? $0 : now } ?? giveUpAt, now: now)
            drain(&error, .stderr)
            if !isPaused { drain(&output, .stdout) }
            if status == nil, let ended = reap() {
                status = ended
                close(&exit)
                if !isTerminating { giveUpAt = clock.now + Self.drain }
            }
        }
        drain(&error, .stderr)
        drain(&output, .stdout)
        Guardian.note(pid, begun: false)
        return status ?? .signalled(SIGKILL)
    }

    private func reap() -> ProcessStatus? {
        var code: CInt = -1
        var signal: CInt = -1
        switch dl_reap(pid, &code, &signal) {
        case 0: return nil
        case 1: return signal >= 0 ? .signalled(signal) : .exited(code)
        // Somebody else has collected our child: all that is known is that it is gone.
        default: return .exited(255)
        }
    }

    /// Waits until there is something to do.
    private func pause(
        isPaused: Bool, hasEnded: Bool, isTerminating: Bool, until: ContinuousClock.Instant?,
        now: ContinuousClock.Instant
    ) {
        let wantsInput = child.state.withLock { !$0.input.isEmpty } && input >= 0
        var polls = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        polls.append(pollfd(fd: isPaused ? -1 : output, events: Int16(POLLIN), revents: 0))
        polls.append(pollfd(fd: error, events: Int16(POLLIN), revents: 0))
        polls.append(pollfd(fd: exit, events: Int16(POLLIN), revents: 0))
        polls.append(pollfd(fd: wantsInput ? input : -1, events: Int16(POLLOUT), revents: 0))
        var timeout: CInt = -1
        if let until {
            let rest = (until - now).components
            timeout = CInt(clamping: rest.seconds * 1000 + rest.attoseconds / 1_000_000_000_000_000 + 1)
        }
        func atMost(_ limit: CInt) { timeout = timeout < 0 ? limit : min(timeout, limit) }
        if hasEnded, isTerminating { atMost(Self.sessionInterval) }
        if !hasEnded, exit < 0 { atMost(Self.reapInterval) }
        poll(&polls, nfds_t(polls.count), timeout)
        if polls[0].revents != 0 { dl_wake_clear(wake) }
    }

    /// Hands on what the child has written; closes the stream at its end.
    private func drain(_ descriptor: inout CInt, _ stream: ProcessStream) {
        var turns = 0
        while descriptor >= 0, turns < Self.chunksPerTurn {
            turns += 1
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                child.onOutput(stream, Array(UnsafeRawBufferPointer(rebasing: buffer[0..<count])))
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                close(&descriptor)
            } else if errno == EAGAIN {
                return
            }
        }
    }

    /// Writes what is queued for standard input and what the pipe takes.
    private func writeInput() {
        guard input >= 0 else { return }
        while true {
            let (chunk, offset, isClosing) = child.state.withLock {
                ($0.input.first, $0.inputOffset, $0.isInputClosing)
            }
            guard let chunk else {
                if isClosing { closeInput() }
                return
            }
            // SIGPIPE is blocked on this thread, so a reader that is gone shows as EPIPE.
            let count = chunk.withUnsafeBytes { bytes in
                write(input, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                if errno != EAGAIN { closeInput() }
                return
            }
            let ready = child.state.withLock { state in
                state.inputOffset += count
                state.queuedBytes -= count
                if state.inputOffset == chunk.count {
                    state.input.removeFirst()
                    state.inputOffset = 0
                }
                guard state.queuedBytes <= ChildProcess.inputLimit else {
                    return [UInt64: CheckedContinuation<Void, Never>]()
                }
                defer { state.senders = [:] }
                return state.senders
            }
            for sender in ready.values { sender.resume() }
        }
    }

    private func closeInput() {
        close(&input)
        let senders = child.state.withLock { state in
            defer { state.senders = [:] }
            state.isInputClosed = true
            state.input = []
            state.queuedBytes = 0
            return state.senders
        }
        for sender in senders.values { sender.resume() }
    }

    private func close(_ descriptor: inout CInt) {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}
