// SPDX-License-Identifier: Apache-2.0

import CCurl
import DevloopCore
import Synchronization

/// Makes one raw connection, on a short-lived thread.
///
/// The connection lives in a multi handle of its own: libcurl closes "unused" connections of a shared one after 118 s,
/// and counts those that were handed out as unused.
final class ConnectAttempt: Sendable {
    private struct State {
        var waiter: CheckedContinuation<RawConnection, any Error>?
        var isCancelled = false
    }

    private let url: String
    private let timeout: Duration
    private let owner: LoopOwner
    private let multi: MultiHandle
    private let state = Mutex(State())

    private init(url: String, timeout: Duration, owner: LoopOwner, multi: MultiHandle) {
        self.url = url
        self.timeout = timeout
        self.owner = owner
        self.multi = multi
    }

    static func run(url: String, timeout: Duration, owner: LoopOwner) async throws -> RawConnection {
        guard let multi = MultiHandle() else { throw DevloopError(.process, "libcurl cannot make another handle") }
        let attempt = ConnectAttempt(url: url, timeout: timeout, owner: owner, multi: multi)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                attempt.state.withLock { $0.waiter = continuation }
                do {
                    try Thread.detach { attempt.connect() }
                } catch {
                    multi.free()
                    attempt.finish(.failure(error))
                }
            }
        } onCancel: {
            attempt.state.withLock { $0.isCancelled = true }
            attempt.finish(.failure(CancellationError()))
            // The attempt holds its multi handle until the thread has seen the mark, unless it is done already.
            attempt.wakeIfConnecting()
        }
    }

    private let isConnecting = Mutex(true)

    private func wakeIfConnecting() {
        // Held across the call: the thread frees the handle only after it has cleared the mark.
        isConnecting.withLock { if $0 { multi.wake() } }
    }

    private func connect() {
        let settings = owner.loop.settings
        let address = HTTPRequest.address(of: url)
        guard let handle = EasyHandle() else {
            release()
            finish(.failure(DevloopError(.process, "libcurl cannot make another handle")))
            return
        }
        let errorBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        defer { errorBuffer.deallocate() }
        var options = EasyOptions(handle)
        let (list, _) = settings.apply(to: &options, url: url, unixSocket: nil, connectTimeout: timeout)
        options.set(CURLOPT_ERRORBUFFER, pointer: errorBuffer)
        options.set(CURLOPT_CONNECT_ONLY, true)
        // A proxy must pass the bytes on, not read them.
        if settings.proxy != nil { options.set(CURLOPT_HTTPPROXYTUNNEL, true) }
        options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        curl_multi_add_handle(multi.raw, handle.raw)

        let code = options.failure ?? drive()
        var descriptor: curl_socket_t = CURL_SOCKET_BAD
        if code == CURLE_OK { dl_curl_get_socket(handle.raw, &descriptor) }
        options.set(CURLOPT_ERRORBUFFER, pointer: nil)
        isConnecting.withLock { $0 = false }
        guard let code, code == CURLE_OK, descriptor != CURL_SOCKET_BAD else {
            let detail = String(cString: errorBuffer)
            curl_multi_remove_handle(multi.raw, handle.raw)
            handle.free()
            curl_slist_free_all(list)
            multi.free()
            finish(
                .failure(code.map { HTTPFailure.error($0, detail: detail, address: address) } ?? CancellationError()))
            return
        }
        let resources = RawConnection.Resources(handle: handle, multi: multi, list: list, descriptor: descriptor)
        finish(.success(RawConnection(resources, address: address, owner: owner)))
    }

    /// - Returns: The result, nil when the attempt was cancelled.
    private func drive() -> CURLcode? {
        while !state.withLock({ $0.isCancelled }) {
            var count: Int32 = 0
            curl_multi_perform(multi.raw, &count)
            var code = CURLE_OK
            if dl_curl_next_finished(multi.raw, &code) != nil { return code }
            curl_multi_poll(multi.raw, nil, 0, 60_000, &count)
        }
        return nil
    }

    private func release() {
        isConnecting.withLock { $0 = false }
        multi.free()
    }

    /// Tells the waiting task once; a connection that nobody waits for closes itself.
    private func finish(_ result: Result<RawConnection, any Error>) {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: result)
    }
}
