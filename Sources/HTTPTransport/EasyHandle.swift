// SPDX-License-Identifier: Apache-2.0

import CCurl
import DevloopCore
import Glibc

/// Makes sure that libcurl is initialised once, before the first handle.
enum CurlLibrary {
    static let isReady: Bool = dl_curl_global_init() == CURLE_OK
}

/// The address of a libcurl easy handle.
// @unchecked Sendable: it is only an address; the owner (the loop thread, or a connection's mutex) orders its use.
struct EasyHandle: @unchecked Sendable, Hashable {
    let raw: UnsafeMutableRawPointer

    init?() {
        guard CurlLibrary.isReady, let raw = curl_easy_init() else { return nil }
        self.raw = raw
    }

    init(raw: UnsafeMutableRawPointer) { self.raw = raw }

    func free() { curl_easy_cleanup(raw) }
}

/// The address of a libcurl multi handle.
// @unchecked Sendable: it is only an address; apart from the thread that drives it, others call nothing but
// `curl_multi_wakeup`, which libcurl documents as safe from any thread.
struct MultiHandle: @unchecked Sendable {
    let raw: UnsafeMutableRawPointer

    init?() {
        guard CurlLibrary.isReady, let raw = curl_multi_init() else { return nil }
        self.raw = raw
    }

    func wake() { curl_multi_wakeup(raw) }
    func free() { curl_multi_cleanup(raw) }
}

/// Sets options and remembers the first refusal, so that a set-up reads as a list.
struct EasyOptions {
    let handle: EasyHandle
    private(set) var failure: CURLcode?

    init(_ handle: EasyHandle) { self.handle = handle }

    mutating func set(_ option: CURLoption, _ value: Int) { note(dl_curl_set_long(handle.raw, option, value)) }
    mutating func set(_ option: CURLoption, _ value: Bool) { set(option, value ? 1 : 0) }
    mutating func set(_ option: CURLoption, _ value: String) { note(dl_curl_set_string(handle.raw, option, value)) }
    mutating func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) {
        note(dl_curl_set_list(handle.raw, option, list))
    }
    mutating func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) {
        note(dl_curl_set_pointer(handle.raw, option, pointer))
    }
    mutating func set(_ option: CURLoption, function: dl_curl_data_function?) {
        note(dl_curl_set_data_function(handle.raw, option, function))
    }
    mutating func setSeek(_ function: dl_curl_seek_function?) {
        note(dl_curl_set_seek_function(handle.raw, function))
    }
    mutating func set(_ option: CURLoption, milliseconds duration: Duration) {
        set(option, max(1, Int(duration / .milliseconds(1))))
    }
    mutating func set(_ option: CURLoption, size: Int) {
        note(dl_curl_set_size(handle.raw, option, curl_off_t(size)))
    }
    mutating func set(_ option: CURLoption, blob: [UInt8]) {
        blob.withUnsafeBytes { note(dl_curl_set_blob(handle.raw, option, $0.baseAddress, $0.count)) }
    }
    mutating func set(_ file: CURLoption, _ blob: CURLoption, _ pem: TLSSettings.PEM?) {
        switch pem {
        case .bytes(let bytes): set(blob, blob: bytes)
        case .file(let path): set(file, path)
        case nil: break
        }
    }

    /// Sockets that children must not inherit, and whose silent death is noticed within a minute.
    mutating func setSockets() {
        note(
            dl_curl_set_socket_function(handle.raw) { _, _, address in
                guard let address else { return CURL_SOCKET_BAD }
                let flags = Int32(SOCK_CLOEXEC.rawValue)
                let descriptor = socket(
                    address.pointee.family, address.pointee.socktype | flags, address.pointee.`protocol`)
                if descriptor >= 0, address.pointee.family != AF_UNIX {
                    var milliseconds: UInt32 = 30_000
                    setsockopt(
                        descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds,
                        socklen_t(MemoryLayout<UInt32>.size))
                }
                return descriptor
            })
        set(CURLOPT_TCP_KEEPALIVE, true)
        set(CURLOPT_TCP_KEEPIDLE, 20)
        set(CURLOPT_TCP_KEEPINTVL, 10)
        set(CURLOPT_NOSIGNAL, true)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
    }

    private mutating func note(_ code: CURLcode) {
        if code != CURLE_OK, failure == nil { failure = code }
    }
}
