// SPDX-License-Identifier: Apache-2.0

internal import CHiredis
import Glibc
import ObjectModel

/// The owner of one connection of hiredis. Its calls block.
struct RedisHandle: ~Copyable {
    /// What Redis answered, as far as the news need it.
    enum Reply: Sendable {
        case number(Int)
        case texts([[UInt8]])
        case other
    }

    private let context: UnsafeMutablePointer<redisContext>

    /// Seconds for connecting, and for each answer.
    static let timeout = 2

    init(host: String, port: Int) throws(DomainError) {
        let timeout = timeval(tv_sec: Self.timeout, tv_usec: 0)
        guard let context = redisConnectWithTimeout(host, Int32(port), timeout) else {
            throw DomainError("no memory")
        }
        guard context.pointee.err == 0, redisSetTimeout(context, timeout) == REDIS_OK else {
            let reason = errorText(context)
            redisFree(context)
            throw DomainError(reason)
        }
        self.context = context
    }

    deinit { redisFree(context) }

    /// One command with its arguments, bytes as they are. After an error in the connection the handle is of no use.
    borrowing func command(_ arguments: [[UInt8]]) throws(DomainError) -> Reply {
        let copies = arguments.map { bytes in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(1, bytes.count))
            for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        var pointers = copies.map { UnsafePointer<CChar>?($0) }
        let lengths = arguments.map(\.count)
        guard let raw = redisCommandArgv(context, Int32(arguments.count), &pointers, lengths) else {
            throw DomainError(errorText(context))
        }
        defer { freeReplyObject(raw) }
        let reply = raw.assumingMemoryBound(to: redisReply.self).pointee
        switch reply.type {
        case REDIS_REPLY_ERROR: throw DomainError(String(decoding: bytes(of: reply), as: UTF8.self))
        case REDIS_REPLY_INTEGER: return .number(Int(reply.integer))
        case REDIS_REPLY_ARRAY:
            let items = (0..<Int(reply.elements)).compactMap { reply.element[$0]?.pointee }
            return .texts(items.map { bytes(of: $0) })
        default: return .other
        }
    }

    /// Whether the connection, not only a command, has failed.
    var isBroken: Bool { context.pointee.err != 0 }
}

private func bytes(of reply: redisReply) -> [UInt8] {
    guard let text = reply.str else { return [] }
    return Array(UnsafeRawBufferPointer(start: text, count: Int(reply.len)))
}

private func errorText(_ context: UnsafeMutablePointer<redisContext>) -> String {
    let text = withUnsafeBytes(of: context.pointee.errstr) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
    return text.isEmpty ? "no answer" : text
}
