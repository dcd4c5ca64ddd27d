// SPDX-License-Identifier: Apache-2.0

import CAgent

/// Repeats the container's own readiness check right after a start, until it succeeds for the first time.
final class Probe {
    enum Outcome {
        case pending
        case ready
        case givenUp
    }

    private let check: ReadinessProbe
    /// Microseconds of the monotonic clock.
    let started: UInt64
    private(set) var attempts: UInt32 = 0
    /// The connection of the running attempt; -1 for none.
    private(set) var descriptor: Int32 = -1
    private var isConnected = false
    private var answer: Bytes = []
    /// The process of a running `exec` attempt; 0 for none.
    private(set) var pid: Int32 = 0
    private var attemptStarted: UInt64 = 0
    private var nextAttempt: UInt64
    private var pause: UInt64 = 2
    /// An app that listens only on the Pod's address is found there: every second attempt goes to it.
    private let address: UInt32

    init(_ check: ReadinessProbe) {
        self.check = check
        started = dl_now_us()
        nextAttempt = started / 1_000
        if case .exec = check.kind { address = 0 } else { address = dl_own_address() }
    }

    deinit { cancel() }

    /// When ``advance()`` has something to do without an event, in milliseconds of the clock.
    var deadline: UInt64 {
        let limit = started / 1_000 + SyncLimits.probeMilliseconds
        let isRunning = descriptor >= 0 || pid > 0
        return min(limit, isRunning ? attemptStarted + UInt64(check.timeoutMilliseconds) : nextAttempt)
    }

    /// What `poll` has to wait for.
    var events: Int16 { Int16(isConnected ? POLLIN : POLLOUT) }

    /// Called when time has passed or the connection has something.
    func advance(hasEvent: Bool) -> Outcome {
        let time = now()
        if descriptor >= 0, hasEvent, step() { return .ready }
        let isRunning = descriptor >= 0 || pid > 0
        if isRunning, time >= attemptStarted + UInt64(check.timeoutMilliseconds) { fail() }
        if time >= started / 1_000 + SyncLimits.probeMilliseconds { return .givenUp }
        if descriptor < 0, pid == 0, time >= nextAttempt { return begin() ? .ready : .pending }
        return .pending
    }

    /// Called when the process of an `exec` attempt has ended.
    func ended(code: Int32) -> Outcome {
        pid = 0
        if code == 0 { return .ready }
        fail()
        return .pending
    }

    private func begin() -> Bool {
        attempts += 1
        attemptStarted = now()
        answer = []
        isConnected = false
        switch check.kind {
        case .exec(let arguments):
            let started = spawn(file: arguments[0], arguments: arguments, quiet: true, foreground: false)
            if started > 0 { pid = started } else { fail() }
            return false
        case .http(let port, _, _), .tcp(let port):
            let useOwn = address != 0 && attempts % 2 == 0
            let result = dl_connect_tcp(useOwn ? address : 0, port)
            guard result >= 0 else {
                fail()
                return false
            }
            descriptor = result
            // On loopback the answer is mostly there at once.
            return step()
        }
    }

    /// Goes on with the connection; true when the check has succeeded.
    private func step() -> Bool {
        if !isConnected {
            var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&item, 1, 0) > 0 else { return false }
            guard dl_connect_result(descriptor) == 0 else {
                fail()
                return false
            }
            isConnected = true
            guard case .http(let port, let path, let headers) = check.kind else {
                cancel()
                return true
            }
            let request = Self.request(port: port, path: path, headers: headers)
            let sent = request.withUnsafeBytes { dl_send(descriptor, $0.baseAddress, $0.count) }
            if sent != request.count { fail() }
            return false
        }
        var part = Bytes(repeating: 0, count: 512)
        let count = part.withUnsafeMutableBytes { dl_receive(descriptor, $0.baseAddress, $0.count) }
        if count == -DL_EAGAIN { return false }
        guard count > 0 else {
            fail()
            return false
        }
        answer.append(contentsOf: part[..<count])
        guard answer.count >= 12 else { return false }
        let status = number(Bytes(answer[9..<12])) ?? 0
        guard answer.starts(with: text("HTTP/1.")), (200..<400).contains(status) else {
            fail()
            return false
        }
        // Reading what is there lets the close be an orderly one, which the app does not log.
        while part.withUnsafeMutableBytes({ dl_receive(descriptor, $0.baseAddress, $0.count) }) > 0 {}
        cancel()
        return true
    }

    private static func request(port: UInt16, path: Bytes, headers: [Bytes]) -> Bytes {
        var request = text("GET ")
        request.append(contentsOf: path)
        request.append(contentsOf: text(" HTTP/1.1\r\n"))
        var hasHost = false
        for header in headers {
            let start = header.prefix(5).map { $0 | 0x20 }
            if start == text("host:") { hasHost = true }
            request.append(contentsOf: header)
            request.append(contentsOf: text("\r\n"))
        }
        if !hasHost {
            request.append(contentsOf: text("Host: localhost:"))
            request.append(contentsOf: decimal(UInt64(port)))
            request.append(contentsOf: text("\r\n"))
        }
        request.append(contentsOf: text("User-Agent: devloop-agent\r\nAccept: */*\r\nConnection: close\r\n\r\n"))
        return request
    }

    /// Ends an attempt; the pauses are short first, because a service mostly needs a few milliseconds.
    private func fail() {
        cancel()
        let time = now()
        if time > started / 1_000 + 200 { pause = min(pause * 3 / 2, 50) }
        nextAttempt = time + pause
    }

    func cancel() {
        if descriptor >= 0 { _ = dl_close(descriptor) }
        descriptor = -1
        if pid > 0 { _ = dl_kill_group(pid, Int32(DL_SIGKILL)) }
        pid = 0
    }
}
