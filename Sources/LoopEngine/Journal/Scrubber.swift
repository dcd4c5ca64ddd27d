// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc
package import Plan
import Synchronization

/// Takes the values of the spec's Secrets out of what is shown (design D18).
package final class Scrubber: Sendable {
    /// A value and what stands in its place.
    package struct Secret: Sendable {
        package var value: [UInt8]
        package var replacement: [UInt8]

        package init(value: [UInt8], replacement: [UInt8]) {
            self.value = value
            self.replacement = replacement
        }
    }

    package init() {}

    /// Shorter values are in too many innocent words.
    private static let shortest = 4
    /// Settings that stand in Secrets and hide nothing.
    private static let plainWords: Set<[UInt8]> = Set(["true", "false", "none", "null"].map { Array($0.utf8) })

    private let secrets = Mutex<[Secret]>([])

    /// - Parameter secrets: the longest first; each is replaced in what those before it have left.
    package func replace(with secrets: [Secret]) { self.secrets.withLock { $0 = secrets } }

    /// Hides the values of the plan's Secrets from now on, unless the spec says not to.
    func hideSecrets(of plan: Plan) { replace(with: plan.settings.scrubsSecrets ? Self.secrets(of: plan) : []) }

    /// The bytes of a line with what stands in the place of each secret in it.
    package func scrub(_ bytes: [UInt8]) -> [UInt8] {
        secrets.withLock { secrets in
            secrets.reduce(bytes) { $1.value.count > $0.count ? $0 : Self.replace($1, in: $0) }
        }
    }

    func scrub(_ text: String) -> String {
        guard secrets.withLock({ !$0.isEmpty }) else { return text }
        return String(decoding: scrub(Array(text.utf8)), as: UTF8.self)
    }

    /// The values of all Secrets of a plan, as they are and in base64, the longest first.
    static func secrets(of plan: Plan) -> [Secret] {
        var found: [Secret] = []
        func add(_ value: [UInt8], _ name: String, _ key: String) {
            guard value.count >= shortest, !plainWords.contains(value) else { return }
            found.append(Secret(value: value, replacement: Array("[redacted secret \(name):\(key)]".utf8)))
        }
        for object in plan.resources.flatMap({ $0.kubernetes?.objects ?? [] }) where object.kind == "Secret" {
            for member in object.json["data"]?.object?.members ?? [] {
                guard let text = member.value.string, let value = Base64.decode(text) else { continue }
                add(value, object.name, member.key)
                add(Array(text.utf8), object.name, member.key)
            }
            for member in object.json["stringData"]?.object?.members ?? [] {
                guard let text = member.value.string else { continue }
                add(Array(text.utf8), object.name, member.key)
                add(Array(Base64.encode(text.utf8).utf8), object.name, member.key)
            }
        }
        return found.sorted { $0.value.count > $1.value.count }
    }

    private static func replace(_ secret: Secret, in bytes: [UInt8]) -> [UInt8] {
        guard var found = find(secret.value, in: bytes, from: 0) else { return bytes }
        var result: [UInt8] = []
        var start = 0
        while true {
            result += bytes[start..<found]
            result += secret.replacement
            start = found + secret.value.count
            guard let next = find(secret.value, in: bytes, from: start) else { break }
            found = next
        }
        return result + bytes[start...]
    }

    /// Every line of every log is looked through for every secret, so this has to be quick where there is none.
    private static func find(_ value: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard let first = value.first, start + value.count <= bytes.count else { return nil }
        return bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let last = buffer.count - value.count
            var index = start
            while index <= last, let hit = memchr(base + index, CInt(first), last - index + 1) {
                index = UnsafeRawPointer(hit) - UnsafeRawPointer(base)
                if memcmp(base + index, value, value.count) == 0 { return index }
                index += 1
            }
            return nil
        }
    }
}

extension Journal {
    /// For commands without a session: hides what ``hideSecrets(of:)`` is told of.
    package static func hidingSecrets(wall: @escaping @Sendable () -> WallTime) -> Journal {
        Journal(wall: wall, scrubber: Scrubber())
    }

    /// Takes the values of the plan's Secrets out of what is recorded from now on, unless the spec says not to.
    package func hideSecrets(of plan: Plan) {
        scrubber?.hideSecrets(of: plan)
    }
}
