// SPDX-License-Identifier: Apache-2.0

import CCurl
import DevloopCore
import Glibc

/// A transfer with its libcurl handle and the memory that the handle points into. Lives on the loop thread.
struct RunningTransfer {
    let transfer: Transfer
    let handle: EasyHandle
    /// The first option that libcurl refused.
    let failure: CURLcode?
    private let errorBuffer: UnsafeMutablePointer<CChar>
    private let headerList: UnsafeMutablePointer<curl_slist>?
    private let connectList: UnsafeMutablePointer<curl_slist>?

    init?(_ transfer: Transfer, settings: ConnectionSettings) {
        guard let handle = EasyHandle() else { return nil }
        self.transfer = transfer
        self.handle = handle
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))

        let request = transfer.request
        var options = EasyOptions(handle)
        let connection = settings.apply(
            to: &options, url: request.url, unixSocket: request.unixSocket, connectTimeout: request.connectTimeout)
        connectList = connection.list
        options.set(CURLOPT_ERRORBUFFER, pointer: errorBuffer)
        if transfer.highWater == nil, transfer.upload == nil {
            options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
            options.set(CURLOPT_PIPEWAIT, true)
        } else {
            // libcurl lets a server send 32 MiB ahead on one HTTP/2 stream, and keeps it for a slow reader. A stream with
            // back-pressure gets an HTTP/1.1 connection of its own, where the socket's buffer is the limit.
            options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        }
        if let deadline = request.deadline { options.set(CURLOPT_TIMEOUT_MS, milliseconds: deadline) }
        if let idle = request.idleTimeout {
            options.set(CURLOPT_LOW_SPEED_LIMIT, 1)
            options.set(CURLOPT_LOW_SPEED_TIME, max(1, Int(idle / .seconds(1))))
        }
        if request.acceptsGzip { options.set(CURLOPT_ACCEPT_ENCODING, "gzip") }
        if request.maximumRedirects > 0 {
            options.set(CURLOPT_FOLLOWLOCATION, true)
            options.set(CURLOPT_MAXREDIRS, request.maximumRedirects)
        }
        if let body = request.body {
            options.set(CURLOPT_POSTFIELDSIZE_LARGE, size: body.count)
            body.withUnsafeBytes { bytes in
                options.set(CURLOPT_COPYPOSTFIELDS, pointer: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            }
            if body.isEmpty { options.set(CURLOPT_POSTFIELDS, "") }
        }
        if let upload = transfer.upload {
            Self.setUpload(upload, length: request.upload?.length, &options)
        }
        if request.method == "HEAD" { options.set(CURLOPT_NOBODY, true) }
        options.set(CURLOPT_CUSTOMREQUEST, request.method)

        var list: UnsafeMutablePointer<curl_slist>?
        for field in request.headers.fields {
            // "Name;" is libcurl's way to send a field without a value.
            let line = field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)"
            list = curl_slist_append(list, line) ?? list
        }
        if let host = connection.host { list = curl_slist_append(list, "Host: \(host)") ?? list }
        // libcurl would wait up to a second for "100 Continue", and call any body a form.
        list = curl_slist_append(list, "Expect:") ?? list
        if request.headers["Content-Type"] == nil { list = curl_slist_append(list, "Content-Type:") ?? list }
        headerList = list
        options.set(CURLOPT_HTTPHEADER, list: list)

        // The driver's table holds the transfer as long as the handle lives.
        let pointer = Unmanaged.passUnretained(transfer).toOpaque()
        options.set(CURLOPT_HEADERDATA, pointer: pointer)
        options.set(CURLOPT_WRITEDATA, pointer: pointer)
        options.set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            transfer.takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        }
        options.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return transfer.takeBody(piece) ? size * count : Int(CURL_WRITEFUNC_PAUSE)
        }
        failure = options.failure
    }

    /// The transfer holds the pipe as long as the handle lives.
    private static func setUpload(_ upload: UploadPipe, length: Int?, _ options: inout EasyOptions) {
        options.set(CURLOPT_UPLOAD, true)
        // Without a size libcurl sends chunks.
        if let length { options.set(CURLOPT_INFILESIZE_LARGE, size: length) }
        options.set(CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
        let pointer = Unmanaged.passUnretained(upload).toOpaque()
        options.set(CURLOPT_READDATA, pointer: pointer)
        options.set(CURLOPT_READFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return Int(CURL_READFUNC_ABORT) }
            let upload = Unmanaged<UploadPipe>.fromOpaque(context).takeUnretainedValue()
            switch upload.read(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count)) {
            case .bytes(let count): return count
            case .wait: return Int(CURL_READFUNC_PAUSE)
            case .failed: return Int(CURL_READFUNC_ABORT)
            }
        }
        // A kept connection may turn out to be dead: libcurl then sends all again over a new one.
        options.set(CURLOPT_SEEKDATA, pointer: pointer)
        options.setSeek { context, offset, origin in
            guard let context, offset == 0, origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
            Unmanaged<UploadPipe>.fromOpaque(context).takeUnretainedValue().rewind()
            return CURL_SEEKFUNC_OK
        }
    }

    /// What libcurl wrote about the failure.
    var errorText: String { String(cString: errorBuffer) }

    /// Frees the handle and its memory; the handle must have left its multi handle.
    func free() {
        handle.free()
        curl_slist_free_all(headerList)
        curl_slist_free_all(connectList)
        errorBuffer.deallocate()
    }
}
