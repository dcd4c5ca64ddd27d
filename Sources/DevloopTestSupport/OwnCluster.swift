// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A cluster that a test has for itself, whose daemons it may kill: `scripts/tests/fault-test` makes one and names it in
/// `DEVLOOP_OWN_CLUSTER`.
package enum OwnCluster {
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    package static var isNamed: Bool { getenv("DEVLOOP_OWN_CLUSTER") != nil }

    /// Ends a daemon at once, without its leave.
    package static func kill(_ daemon: String) throws {
        try shell("kill -KILL $(cut -d' ' -f1 \"$DEVLOOP_OWN_CLUSTER/run/\(daemon).pid\")")
    }

    /// Starts what is not running, and waits until all is ready.
    package static func up() throws { try shell("\"$DEVLOOP_OWN_SCRIPTS/cluster\" up") }

    /// Makes another cluster of it at the same address, with other certificates and no objects; images stay.
    package static func makeAnew() throws {
        try shell(
            "rm \"$DEVLOOP_OWN_CLUSTER/pki/complete\" && \"$DEVLOOP_OWN_SCRIPTS/cluster\" down && \"$DEVLOOP_OWN_SCRIPTS/cluster\" up"
        )
    }

    /// Deletes it with all images of node and registry, and makes another one at the same address: nothing of the old one
    /// is left.
    package static func replace() throws {
        try shell("\"$DEVLOOP_OWN_SCRIPTS/cluster\" delete && \"$DEVLOOP_OWN_SCRIPTS/cluster\" up")
    }

    /// Has etcd, on its port of the first cluster of a machine, forget everything before a revision, which is what a
    /// resource version is.
    package static func compact(to revision: String) throws {
        let body = "{\"revision\":\"\(revision)\",\"physical\":true}"
        let request =
            "POST /v3/kv/compaction HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        guard let socket = LoopbackSocket.connect(12379) else { throw Failure(description: "etcd does not answer") }
        defer { close(socket) }
        LoopbackSocket.write(socket, Array(request.utf8)[...])
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { break }
            answer += buffer[..<count]
        }
        let text = String(decoding: answer, as: UTF8.self)
        guard text.split(separator: " ").dropFirst().first == "200" else {
            throw Failure(description: "etcd: \(text)")
        }
    }

    private static func shell(_ command: String) throws {
        let names = ["DEVLOOP_OWN_CLUSTER", "DEVLOOP_OWN_SCRIPTS", "DEVLOOP_CLUSTER", "XDG_CACHE_HOME"]
        let setting = names.compactMap { name in getenv(name).map { "\(name)=\(String(cString: $0))" } }
        let (status, output) = TestProgram.run(["sh", "-c", command], setting: setting)
        guard status == 0 else {
            // In one line: of an error with several, a report may keep the first.
            let words = output.split(separator: "\n").suffix(12).joined(separator: " | ")
            throw Failure(description: "exit \(status): \(words) (\(command))")
        }
    }
}
