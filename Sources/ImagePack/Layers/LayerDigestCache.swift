// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import Hashing
import Synchronization

/// Digests of layers by the fingerprint of their files, kept over sessions, so that an unchanged 84 MB of runtime
/// libraries is hashed once.
package final class LayerDigestCache: Sendable {
    private let digests: Mutex<[String: ContentDigest]>
    private let path: String?

    /// - Parameter path: file to keep them in; nil keeps them in memory. A file that cannot be read counts as empty: the
    ///   cache only saves time.
    package init(path: String?) {
        self.path = path
        var found: [String: ContentDigest] = [:]
        if let path, let bytes = try? SmallFile.read(path), let json = try? JSONValue(parsing: bytes) {
            for (key, value) in json.object?.members ?? [] { found[key] = value.string.flatMap(ContentDigest.init) }
        }
        digests = Mutex(found)
    }

    package subscript(fingerprint: String) -> ContentDigest? {
        get { digests.withLock { $0[fingerprint] } }
        set {
            let snapshot = digests.withLock { digests in
                // Old entries are never looked up again; a bound keeps the file small.
                if digests.count > 512 { digests.removeAll() }
                digests[fingerprint] = newValue
                return digests
            }
            save(snapshot)
        }
    }

    private func save(_ digests: [String: ContentDigest]) {
        guard let path else { return }
        let json = JSONValue.object(
            JSONObject(digests.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value.hex)) }))
        SmallFile.replace(path, with: json.jsonBytes)
    }
}
