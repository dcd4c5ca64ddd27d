// SPDX-License-Identifier: Apache-2.0

import Blocking
internal import CCurl
import ObjectModel

/// Asks servers of the world, over TLS where the address says so. The services ask each other with `HTTPCaller`.
package struct WebClient: Sendable {
    /// Bytes of an answer's body.
    static let maximumBody: Int64 = 1 << 20

    package struct Request: Sendable {
        package var method: String
        package var url: String
        /// Whole lines, e.g. `Accept: application/json`.
        package var headers: [String]
        package var body: [UInt8]
        /// Redirects that are followed.
        package var maximumRedirects: Int

        package init(
            _ method: String, _ url: String, headers: [String] = [], body: [UInt8] = [], maximumRedirects: Int = 0
        ) {
            self.method = method
            self.url = url
            self.headers = headers
            self.body = body
            self.maximumRedirects = maximumRedirects
        }
    }

    package struct Answer: Sendable {
        package var status: Int
        package var body: [UInt8]
    }

    private let lane: BlockingLane
    private let seconds: Int
    private let certificates: String?

    /// - Parameters:
    ///   - seconds: time for a whole call.
    ///   - width: calls at the same time.
    ///   - certificates: a file with those whom to trust; the system's unless given.
    package init(timeout seconds: Int, width: Int = 8, certificates: String? = nil) {
        lane = BlockingLane(label: "delinkcious.web", width: width)
        self.seconds = seconds
        self.certificates = certificates
        _ = Self.library
    }

    /// Makes the call. Throws `DomainError` in curl's words when there is no answer.
    package func send(_ request: Request) async throws -> Answer {
        let (seconds, certificates) = (seconds, certificates)
        return try await lane.run {
            let call = try Transfer()
            return try call.perform(request, seconds: seconds, certificates: certificates)
        }
    }

    /// To be set up once, before the first thread uses it.
    private static let library: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))
}

/// One use of curl, on one thread.
private struct Transfer: ~Copyable {
    private let handle: UnsafeMutableRawPointer

    init() throws(DomainError) {
        guard let handle = curl_easy_init() else { throw DomainError("curl cannot be set up") }
        self.handle = handle
    }

    deinit { curl_easy_cleanup(handle) }

    borrowing func perform(
        _ request: WebClient.Request, seconds: Int, certificates: String?
    ) throws(DomainError) -> WebClient.Answer {
        var lines: UnsafeMutablePointer<curl_slist>?
        for line in request.headers { lines = curl_slist_append(lines, line) }
        defer { curl_slist_free_all(lines) }
        let collector = Collector()
        let context = Unmanaged.passUnretained(collector).toOpaque()
        try check(dc_curl_set_text(handle, CURLOPT_URL, request.url))
        try check(dc_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https"))
        try check(dc_curl_set_number(handle, CURLOPT_NOSIGNAL, 1))
        try check(dc_curl_set_number(handle, CURLOPT_TIMEOUT, seconds))
        try check(dc_curl_set_text(handle, CURLOPT_USERAGENT, "delinkcious"))
        if request.maximumRedirects > 0 {
            try check(dc_curl_set_text(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https"))
            try check(dc_curl_set_number(handle, CURLOPT_FOLLOWLOCATION, 1))
            try check(dc_curl_set_number(handle, CURLOPT_MAXREDIRS, request.maximumRedirects))
        }
        if let certificates { try check(dc_curl_set_text(handle, CURLOPT_CAINFO, certificates)) }
        if request.method == "HEAD" {
            try check(dc_curl_set_number(handle, CURLOPT_NOBODY, 1))
        } else if request.method != "GET" {
            try check(dc_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)))
            let text = String(decoding: request.body, as: UTF8.self)
            try check(dc_curl_set_text(handle, CURLOPT_COPYPOSTFIELDS, text))
            try check(dc_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method))
        }
        try check(dc_curl_set_list(handle, CURLOPT_HTTPHEADER, lines))
        try check(dc_curl_set_pointer(handle, CURLOPT_WRITEDATA, context))
        try check(
            dc_curl_set_writer(handle) { bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let collector = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
                let length = size * count
                guard Int64(collector.bytes.count + length) <= WebClient.maximumBody else { return 0 }
                UnsafeRawBufferPointer(start: bytes, count: length).withMemoryRebound(to: UInt8.self) {
                    collector.bytes.append(contentsOf: $0)
                }
                return length
            })
        let code = withExtendedLifetime(collector) { curl_easy_perform(handle) }
        try check(code)
        var status = 0
        try check(dc_curl_status(handle, &status))
        return WebClient.Answer(status: status, body: collector.bytes)
    }

    private func check(_ code: CURLcode) throws(DomainError) {
        guard code == CURLE_OK else { throw DomainError(String(cString: curl_easy_strerror(code))) }
    }

    /// Where the answer's bytes go. Used by the one thread that performs the transfer.
    private final class Collector {
        var bytes: [UInt8] = []
    }
}
