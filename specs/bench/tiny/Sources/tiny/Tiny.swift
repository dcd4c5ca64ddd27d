// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Serves the banner and the files below `/app`, one connection after the other:
/// `/` the banner, `/Public/NAME` a file, `/at/OFFSET/NAME` 16 bytes of `/app/Big/NAME`, `/run/OFFSET/NAME` the number of
/// this process and 16 bytes of `/app/Data/NAME`.
@main
enum Tiny {
    static func main() {
        // As process 1 it would not end by the signal's default.
        signal(SIGTERM) { _ in _exit(0) }
        signal(SIGPIPE, SIG_IGN)
        if getenv("CRASH") != nil {
            say("the setting CRASH is on, so this ends at once\n")
            exit(3)
        }
        guard let listener = listen(port: 8_080) else {
            say("cannot listen on port 8080\n")
            exit(1)
        }
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { continue }
            serve(connection)
            close(connection)
        }
    }

    private static func listen(port: UInt16) -> CInt? {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return bound == 0 && Glibc.listen(descriptor, 128) == 0 ? descriptor : nil
    }

    private static func serve(_ connection: CInt) {
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var request = [UInt8](repeating: 0, count: 2_048)
        let count = read(connection, &request, request.count)
        guard count > 4 else { return }
        let words = String(decoding: request[..<count], as: UTF8.self).split(separator: " ", maxSplits: 2)
        let body = words.count > 1 ? answer(words[1]) : nil
        let head = "HTTP/1.1 \(body == nil ? "404 Not Found" : "200 OK")\r\nConnection: close\r\n"
        let text = body ?? Array("not found\n".utf8)
        send(connection, Array("\(head)Content-Length: \(text.count)\r\n\r\n".utf8) + text)
    }

    private static func answer(_ path: Substring) -> [UInt8]? {
        if path == "/" { return Array("\(banner)\n".utf8) }
        let parts = path.split(separator: "/")
        guard !parts.contains("..") else { return nil }
        if parts.count == 3, parts[0] == "at", let offset = Int(parts[1]) {
            return content("/app/Big/\(parts[2])", at: offset, limit: 16)
        }
        if parts.count == 3, parts[0] == "run", let offset = Int(parts[1]) {
            return content("/app/Data/\(parts[2])", at: offset, limit: 16).map { Array("\(getpid()) ".utf8) + $0 }
        }
        guard parts.first == "Public" else { return nil }
        return content("/app\(path)", at: 0, limit: 1 << 20)
    }

    private static func content(_ path: String, at offset: Int, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = pread(descriptor, &bytes, limit, offset)
        return count >= 0 ? Array(bytes[..<count]) : nil
    }

    private static func send(_ connection: CInt, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(connection, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func say(_ text: String) { send(2, Array(text.utf8)) }
}
