// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Sends a request on to a server of 127.0.0.1 and takes its whole answer; nil when it is not there. Blocks: for the
/// scripts of a `FaultServer`.
/// - Parameter host: `127.0.0.1:port`.
func forward(_ head: String, _ body: [UInt8], to host: String) -> [UInt8]? {
    guard let port = host.split(separator: ":").last.flatMap({ UInt16($0) }) else { return nil }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
    guard connected else { return nil }
    // The end of the answer is then the end of the connection.
    var rest = (Array("\(head)\r\nConnection: close\r\n\r\n".utf8) + body)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return nil }
        rest = rest.dropFirst(count)
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count <= 0 { return answer.isEmpty ? nil : answer }
        answer += buffer[..<count]
    }
}
