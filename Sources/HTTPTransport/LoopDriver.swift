// SPDX-License-Identifier: Apache-2.0

import CCurl
import DevloopCore
import Glibc

/// What the loop thread alone touches: the multi handle, and its transfers.
struct LoopDriver {
    /// Far longer than any timer of libcurl; commands and sockets wake the thread anyway.
    private static let idleMilliseconds: Int32 = 3_600_000

    let multi: MultiHandle
    let settings: ConnectionSettings
    private var running: [EasyHandle: RunningTransfer] = [:]
    private var handles: [ObjectIdentifier: EasyHandle] = [:]
    private let sockets: SocketWatch

    init(multi: MultiHandle, sockets: SocketWatch, settings: ConnectionSettings) {
        self.multi = multi
        self.sockets = sockets
        self.settings = settings
    }

    mutating func perform(_ command: EventLoop.Command) {
        switch command {
        case .add(let transfer): add(transfer)
        case .remove(let transfer):
            if let handle = handles[ObjectIdentifier(transfer)] { release(handle) }
        case .resume(let transfer):
            if let handle = handles[ObjectIdentifier(transfer)] { dl_curl_unpause(handle.raw) }
        case .stop: break
        }
    }

    /// Lets libcurl work, reports what is finished, sleeps until there is something to do.
    mutating func step() {
        var count: Int32 = 0
        curl_multi_perform(multi.raw, &count)
        collectFinished()

        var connections = curl_waitfd(fd: sockets.descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        curl_multi_poll(multi.raw, &connections, 1, Self.idleMilliseconds, &count)
        if connections.revents != 0 { sockets.tellReady() }
    }

    /// Ends everything with an error.
    mutating func stop() {
        for (handle, transfer) in running {
            transfer.transfer.finish(.failure(HTTPFailure.shutDown(transfer.transfer.request.address)))
            release(handle)
        }
        sockets.stop()
    }

    private mutating func add(_ transfer: Transfer) {
        guard let prepared = RunningTransfer(transfer, settings: settings) else {
            transfer.finish(.failure(DevloopError(.process, "libcurl cannot make another handle")))
            return
        }
        if let failure = prepared.failure {
            transfer.finish(.failure(HTTPFailure.error(failure, detail: "", address: transfer.request.address)))
            prepared.free()
            return
        }
        running[prepared.handle] = prepared
        handles[ObjectIdentifier(transfer)] = prepared.handle
        curl_multi_add_handle(multi.raw, prepared.handle.raw)
    }

    private mutating func collectFinished() {
        var code = CURLE_OK
        while let raw = dl_curl_next_finished(multi.raw, &code) {
            let handle = EasyHandle(raw: raw)
            guard let finished = running[handle] else { continue }
            let transfer = finished.transfer
            if code == CURLE_OK {
                transfer.finish(.success(()))
            } else if let failure = transfer.upload?.failure {
                // libcurl only says that it was told to stop.
                transfer.finish(.failure(failure))
            } else {
                let detail = finished.errorText
                transfer.finish(
                    .failure(HTTPFailure.error(code, detail: detail, address: transfer.request.address)))
            }
            release(handle)
        }
    }

    private mutating func release(_ handle: EasyHandle) {
        guard let finished = running.removeValue(forKey: handle) else { return }
        handles[ObjectIdentifier(finished.transfer)] = nil
        curl_multi_remove_handle(multi.raw, handle.raw)
        finished.free()
    }
}
