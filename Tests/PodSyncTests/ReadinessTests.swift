// SPDX-License-Identifier: Apache-2.0

import Glibc
import PodSync
import SyncProtocol
import Testing

@Suite("readiness with the real agent", .timeLimit(.minutes(1)))
struct ReadinessTests {
    /// A port that nobody uses at the moment.
    static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer -> UInt16? in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(descriptor, address, size) == 0, getsockname(descriptor, address, &size) == 0 else {
                    return nil
                }
                return UInt16(bigEndian: UnsafeRawPointer(address).loadUnaligned(fromByteOffset: 2, as: UInt16.self))
            }
        }
        guard let port else { throw TestError("no port") }
        return port
    }

    enum Way: String, CaseIterable, Sendable {
        case http, tcp, exec
    }

    @Test("the first success is reported, and not before", arguments: Way.allCases)
    func firstSuccess(way: Way) async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let port = try Self.freePort()
        try writeFile(agent.root + "/ok", Array("fine".utf8))
        let probe: ReadinessProbe
        switch way {
        case .http:
            probe = .init(.http(port: port, path: Array("/ok".utf8), headers: [Array("X-Check: yes".utf8)]))
        case .tcp: probe = .init(.tcp(port: port))
        case .exec: probe = .init(.exec(["/bin/busybox", "test", "-e", agent.root + "/open"].map { Array($0.utf8) }))
        }
        let app = """
            sleep 0.15
            echo open > \(agent.root)/open
            exec busybox httpd -f -p 127.0.0.1:\(port) -h \(agent.root)
            """
        let session = try await agent.connect()
        let result = try await session.apply(ChangeSet(files: [agent.entry(app)], probe: probe))
        #expect(result.failure == nil)
        let ready = try #require(result.ready)
        #expect(ready >= .milliseconds(140))
        #expect(ready < .seconds(5))
        await session.close()
    }

    @Test("an answer of 404 is no success; an app that ends while it is being checked is reported")
    func refused() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let port = try Self.freePort()
        let probe = ReadinessProbe(.http(port: port, path: Array("/missing".utf8), headers: []))
        let app = """
            busybox httpd -f -p 127.0.0.1:\(port) -h \(agent.root) &
            sleep 0.3
            kill $!
            exit 5
            """
        let session = try await agent.connect()
        let result = try await session.apply(ChangeSet(files: [agent.entry(app)], probe: probe))
        #expect(result.ready == nil)
        guard case .exited(let exit) = result.failure else {
            Issue.record("\(String(describing: result.failure))")
            return
        }
        #expect(exit.code == 5)
        await session.close()
    }
}
