// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan
import Synchronization

/// Takes the values of the spec's Secrets out of what is shown (design D18).
final class Scrubber: Sendable {
    /// A value and what stands in its place.
    struct Secret: Sendable {
        var value: [UInt8]
        var replacement: [UInt8]
    }

    /// Shorter values are in too many innocent words.
    private static let shortest = 4
    /// Settings that stand in Secrets and hide nothing.
    private static let plainWords: Set<[UInt8]> = Set(["true", "false", "none", "null"].map { Array($0.utf8) })

    private let secrets = Mutex<[Secret]>([])

    func replace(with secrets: [Secret]) { self.secrets.withLock { $0 = secrets } }

    func scrub(_ bytes: [UInt8]) -> [UInt8] {
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
        guard let first = secret.value.first else { return bytes }
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let end = index + secret.value.count
            if bytes[index] == first, end <= bytes.count, bytes[index..<end].elementsEqual(secret.value) {
                result += secret.replacement
                index = end
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }
}

extension Journal {
    /// For commands without a session: hides what ``hideSecrets(of:)`` is told of.
    package static func hidingSecrets(wall: @escaping @Sendable () -> WallTime) -> Journal {
        Journal(wall: wall, scrubber: Scrubber())
    }

    /// Takes the values of the plan's Secrets out of what is recorded from now on, unless the spec says not to.
    package func hideSecrets(of plan: Plan) {
        scrubber?.replace(with: plan.settings.scrubsSecrets ? Scrubber.secrets(of: plan) : [])
    }
}
