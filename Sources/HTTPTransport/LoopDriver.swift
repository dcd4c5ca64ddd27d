// SPDX-License-Identifier: Apache-2.0

import CCurl
import DevloopCore
import Glibc

/// What the loop thread alone touches: the multi handle, its transfers, and the watched connections.
struct LoopDriver {
    /// Far longer than any timer of libcurl; commands and sockets wake the thread anyway.
    private static let idleMilliseconds: Int32 = 3_600_000

    let multi: MultiHandle
    let settings: ConnectionSettings
    private var running: [EasyHandle: RunningTransfer] = [:]
    private var handles: [ObjectIdentifier: EasyHandle] = [:]
    private var watched: [ObjectIdentifier: RawConnection] = [:]

    init(multi: MultiHandle, settings: ConnectionSettings) {
        self.multi = multi
        self.settings = settings
    }

    mutating func perform(_ command: EventLoop.Command) {
        switch command {
        case .add(let transfer): add(transfer)
        case .remove(let transfer):
            if let handle = handles[ObjectIdentifier(transfer)] { release(handle) }
        case .resume(let transfer):
            if let handle = handles[ObjectIdentifier(transfer)] { dl_curl_unpause(handle.raw) }
        case .watch(let connection): watched[ObjectIdentifier(connection)] = connection
        case .look, .stop: break
        }
    }

    /// Lets libcurl work, reports what is finished, sleeps until there is something to do.
    mutating func step() {
        var count: Int32 = 0
        curl_multi_perform(multi.raw, &count)
        collectFinished()

        var descriptors: [curl_waitfd] = []
        var owners: [RawConnection] = []
        for (key, connection) in watched {
            guard let (descriptor, events) = connection.interest() else {
                watched[key] = nil
                continue
            }
            descriptors.append(curl_waitfd(fd: descriptor, events: events, revents: 0))
            owners.append(connection)
        }
        curl_multi_poll(multi.raw, &descriptors, UInt32(descriptors.count), Self.idleMilliseconds, &count)
        for (descriptor, owner) in zip(descriptors, owners) where descriptor.revents != 0 { owner.socketIsReady() }
    }

    /// Ends everything with an error.
    mutating func stop() {
        for (handle, transfer) in running {
            transfer.transfer.finish(.failure(HTTPFailure.shutDown(transfer.transfer.request.address)))
            release(handle)
        }
        for connection in watched.values { connection.fail(HTTPFailure.shutDown(connection.address)) }
        watched = [:]
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
