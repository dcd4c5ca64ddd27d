// SPDX-License-Identifier: Apache-2.0

import Blocking
package import ObjectModel

/// One connection to a Redis server, made when it is first needed and made anew after it broke.
package actor RedisConnection {
    private let executor = QueueExecutor(label: "delinkcious.redis")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let host: String
    private let port: Int
    private var handle: RedisHandle?

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// One command. A connection that the server has closed meanwhile is made anew, once; whether a command that breaks
    /// off was carried out, nobody knows, so only one that asks is repeated.
    func command(_ arguments: [[UInt8]], isQuestion: Bool) throws(DomainError) -> RedisHandle.Reply {
        let isNew = handle == nil
        do throws(DomainError) {
            return try send(arguments)
        } catch {
            guard isQuestion, !isNew, handle == nil else { throw error }
            return try send(arguments)
        }
    }

    /// Asks whether the server is there.
    package func ping() throws(DomainError) {
        _ = try command([Array("PING".utf8)], isQuestion: true)
    }

    private func send(_ arguments: [[UInt8]]) throws(DomainError) -> RedisHandle.Reply {
        let current: RedisHandle
        if let open = handle.take() { current = open } else { current = try RedisHandle(host: host, port: port) }
        do throws(DomainError) {
            let reply = try current.command(arguments)
            handle = consume current
            return reply
        } catch {
            // An error that is the command's own leaves the connection as it was.
            if !current.isBroken { handle = consume current }
            throw error
        }
    }
}
